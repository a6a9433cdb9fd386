package gateway

import (
	"compress/flate"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/natter-chat/natter/services/gateway/frame"
)

// offersDeflate tells whether a handshake offers compression in a form that
// the library agrees to: without a smaller window of the server's, of which it
// knows nothing.
func offersDeflate(h http.Header) bool {
	for _, offer := range strings.Split(strings.Join(h.Values("Sec-WebSocket-Extensions"), ","), ",") {
		name, rest, _ := strings.Cut(offer, ";")
		if strings.TrimSpace(name) == "permessage-deflate" && agreeable(rest) {
			return true
		}
	}
	return false
}

func agreeable(parameters string) bool {
	if strings.TrimSpace(parameters) == "" {
		return true
	}
	for _, p := range strings.Split(parameters, ";") {
		name, _, _ := strings.Cut(p, "=")
		switch strings.TrimSpace(name) {
		case "client_max_window_bits", "client_no_context_takeover", "server_no_context_takeover":
		default:
			return false
		}
	}
	return true
}

// inflated makes a violation of what could not be decompressed.
func inflated(err error) error {
	var corrupt flate.CorruptInputError
	if errors.As(err, &corrupt) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &frame.Violation{Code: frame.CloseInvalidData, Reason: "the message cannot be decompressed"}
	}
	return err
}
