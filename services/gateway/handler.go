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
	config := o.cors("GET", configPage(g.cfg))
	mux.HandleFunc("GET /v1/config", config)
	mux.HandleFunc("OPTIONS /v1/config", config)
	mux.HandleFunc("/v1/", func(w http.ResponseWriter, _ *http.Request) {
		httpError(w, http.StatusNotFound, "NOT_FOUND", "there is nothing here", "")
	})
	page := web.Handler()
	mux.Handle("/", page)
	mux.HandleFunc("GET /natter.js", o.cors("GET", page.ServeHTTP))
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
func configPage(cfg Config) http.HandlerFunc {
	limits, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(cfg.limitsFrame())
	if err != nil {
		limits = []byte("{}")
	}
	body := struct {
		Guests      bool            `json:"guests"`
		DefaultRoom string          `json:"defaultRoom"`
		Limits      json.RawMessage `json:"limits"`
		Version     string          `json:"version"`
	}{cfg.Guests, cfg.DefaultRoom, limits, version()}
	return func(w http.ResponseWriter, _ *http.Request) { httpJSON(w, http.StatusOK, body) }
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}
