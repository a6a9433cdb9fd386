package gateway

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"

	"github.com/gorilla/websocket"
)

const (
	versionHeader    = "Sec-WebSocket-Version"
	keyHeader        = "Sec-WebSocket-Key"
	protocolHeader   = "Sec-WebSocket-Protocol"
	webSocketVersion = "13"
	keyBytes         = 16
)

// misfit says what keeps a request from being a WebSocket handshake as RFC
// 6455, section 4.2.1, has it.
type misfit struct {
	status  int
	field   string
	message string
}

// misfitOf looks at a request; nil: it is a handshake.
func misfitOf(r *http.Request) *misfit {
	keys := r.Header.Values(keyHeader)
	switch {
	case r.Method != http.MethodGet: // a HEAD comes this way, too
		return &misfit{http.StatusMethodNotAllowed, "", "only GET is taken here"}
	case !r.ProtoAtLeast(1, 1) || r.ProtoMajor != 1:
		return &misfit{http.StatusBadRequest, "", "WebSockets need HTTP/1.1"}
	case !websocket.IsWebSocketUpgrade(r):
		return &misfit{http.StatusUpgradeRequired, "Upgrade", "this is a WebSocket; connect with a client for that"}
	case !slices.Equal(r.Header.Values(versionHeader), []string{webSocketVersion}):
		return &misfit{http.StatusUpgradeRequired, versionHeader, "the version of WebSocket here is " + webSocketVersion}
	case len(keys) != 1 || !isKey(keys[0]):
		return &misfit{http.StatusBadRequest, keyHeader, "give one key: 16 bytes in base64"}
	case r.ContentLength != 0:
		return &misfit{http.StatusBadRequest, "", "a handshake has no body"}
	}
	return nil
}

func isKey(text string) bool {
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil && len(key) == keyBytes
}

// refuse answers what is no handshake.
func (m *misfit) refuse(w http.ResponseWriter) {
	switch m.status {
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodGet)
	case http.StatusUpgradeRequired:
		w.Header().Set("Connection", "Upgrade")
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set(versionHeader, webSocketVersion)
	}
	httpError(w, m.status, "BAD_REQUEST", m.message, m.field)
}

// joined is a list header that came in several lines, as the one line that the
// library looks at.
func joined(h http.Header, name string) {
	if lines := h.Values(name); len(lines) > 1 {
		h.Set(name, strings.Join(lines, ", "))
	}
}
