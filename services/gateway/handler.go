package gateway

import (
	"encoding/json"
	"net/http"
	"runtime/debug"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/natter-chat/natter/services/gateway/web"
)

// newHandler is all that the public may ask for over HTTP.
func newHandler(g *Gateway, o origins, from addresses, desk *guestDesk) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /v1/ws", newUpgrader(g, o, from))
	mux.HandleFunc("/v1/ws", onlyMethod(http.MethodGet))
	guest := o.cors("POST", desk.ServeHTTP)
	mux.HandleFunc("POST /v1/guest", guest)
	mux.HandleFunc("OPTIONS /v1/guest", guest)
	mux.HandleFunc("/v1/guest", onlyMethod(http.MethodPost))
	config := o.cors("GET", configPage(g))
	mux.HandleFunc("GET /v1/config", config)
	mux.HandleFunc("OPTIONS /v1/config", config)
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) {
		httpError(w, http.StatusNotFound, "NOT_FOUND", "there is nothing here", "")
	})
	// Scripts of the allowed sites load the SDK, the element and what they are made of from here.
	mux.HandleFunc("/", o.cors("GET, HEAD", web.Handler().ServeHTTP))
	return mux
}

func onlyMethod(method string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", method)
		httpError(w, http.StatusMethodNotAllowed, "BAD_REQUEST", "only "+method+" is taken here", "")
	}
}

// configPage answers GET /v1/config: what a client needs to know before it has
// a token.
func configPage(g *Gateway) http.HandlerFunc {
	version := version()
	return func(w http.ResponseWriter, _ *http.Request) {
		limits, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(g.limits.Load())
		if err != nil {
			limits = []byte("{}")
		}
		httpJSON(w, http.StatusOK, struct {
			Guests      bool            `json:"guests"`
			DefaultRoom string          `json:"defaultRoom"`
			Limits      json.RawMessage `json:"limits"`
			Version     string          `json:"version"`
		}{g.cfg.Guests, g.cfg.DefaultRoom, limits, version})
	}
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
