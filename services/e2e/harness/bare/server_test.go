package bare_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/e2e/harness/bare"
)

// TestWhoIsTold that they are in hears all that is said from then on.
func TestWhoIsTold(t *testing.T) {
	for _, mode := range []bare.Mode{bare.Direct, bare.Coalesced} {
		t.Run(string(mode), func(t *testing.T) {
			server := httptest.NewServer(&bare.Server{Mode: mode})
			defer server.Close()
			come := func() *websocket.Conn {
				t.Helper()
				conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http")+"/?room=r&tell=", nil)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = conn.Close() })
				return conn
			}
			hears := func(conn *websocket.Conn, want string) {
				t.Helper()
				if _, got, err := conn.ReadMessage(); err != nil || string(got) != want {
					t.Fatalf("heard %q, %v; want %q", got, err, want)
				}
			}
			speaker := come()
			hears(speaker, bare.In)
			for i := range 200 {
				listener, said := come(), fmt.Sprint("message ", i)
				hears(listener, bare.In)
				if err := speaker.WriteMessage(websocket.TextMessage, []byte(said)); err != nil {
					t.Fatal(err)
				}
				hears(listener, said)
				_ = listener.Close()
			}
		})
	}
}
