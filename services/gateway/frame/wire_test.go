package frame

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// TestWrapIsRFC6455 lets gorilla's client read what was wrapped.
func TestWrapIsRFC6455(t *testing.T) {
	for _, size := range []int{0, 1, 50, 100, 125, 126, 200, 60_000, 70_000} {
		for _, codec := range []Codec{JSON(), Binary()} {
			body := &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Error_{Error: &clientv1.ServerFrame_Error{
				Code: chatv1.ErrorCode_INTERNAL, Message: strings.Repeat("m", size),
			}}}
			kind, got := readFrame(t, Wrap(codec, body))
			if want := codec.Append(nil, body); !bytes.Equal(got, want) || (kind == websocket.TextMessage) != codec.Text() {
				t.Errorf("size %d: kind %d, %d bytes, want %d", size, kind, len(got), len(want))
			}
		}
	}
}

func readFrame(t *testing.T, frame []byte) (int, []byte) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
		if err != nil {
			return
		}
		_, _ = conn.NetConn().Write(frame)
	}))
	defer server.Close()
	conn, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	kind, data, err := conn.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return kind, data
}

func TestCloseReasonIsCut(t *testing.T) {
	got := AppendClose(nil, 4400, strings.Repeat("r", 300))
	if len(got) != 2+125 || got[1] != 125 {
		t.Errorf("%d bytes, header %x", len(got), got[:2])
	}
}
