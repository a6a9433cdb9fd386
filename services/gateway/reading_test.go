package gateway

import (
	"fmt"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestFramesHoweverTheyCome: whole messages, fragments, pings and pongs, many in
// one piece or each byte by itself: every request is answered when it has come,
// and waits for nothing that comes later.
func TestFramesHoweverTheyCome(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	for _, step := range []int{1, 5, 1000, 1 << 20} {
		t.Run(fmt.Sprint("by ", step), func(t *testing.T) {
			pongs := make(chan string, 10)
			ana := r.dial(t, func(c *websocket.Conn) {
				c.SetPongHandler(func(data string) error { pongs <- data; return nil })
			})
			ana.send("hello", object{"token": tokenOf(t, "ana", time.Hour)})
			ana.expect("welcome")
			request := func(id int) string {
				return mustJSON(object{"id": id, "send": object{"room": "lobby", "clientMsgId": fmt.Sprint(step, "-", id), "text": "x"}})
			}
			second, third := request(3), request(4)
			var all []byte
			for _, f := range [][]byte{
				masked(0x8a, ""), masked(0x8a, "of nobody"), masked(0x81, request(2)), masked(0x8a, "late"),
				masked(0x89, "here?"),
				masked(0x01, second[:9]), masked(0x8a, ""), masked(0x80, second[9:]),
				masked(0x01, third[:1]), masked(0x89, "still?"), masked(0x00, ""), masked(0x80, third[1:]), masked(0x8a, "bye"),
			} {
				all = append(all, f...)
			}
			write := func(data []byte) {
				for len(data) > 0 {
					n := min(step, len(data))
					if _, err := ana.conn.UnderlyingConn().Write(data[:n]); err != nil {
						t.Fatal(err)
					}
					data = data[n:]
				}
			}
			acks := func(first, last int) {
				t.Helper()
				for id := first; id <= last; {
					name, body := ana.next()
					if name == "event" {
						continue
					}
					if name != "ack" || body["re"] != id {
						t.Fatalf("got %s %v, want the ack of %d", name, body, id)
					}
					id++
				}
			}
			write(all)
			acks(2, 4)
			for _, want := range []string{"here?", "still?"} {
				if got := <-pongs; got != want {
					t.Errorf("the pong has %q, not %q", got, want)
				}
			}
			// Who was left waiting is heard again, also behind a pong by itself.
			write(masked(0x8a, "by itself"))
			write(masked(0x81, request(5)))
			acks(5, 5)
		})
	}
}

// masked is a client's frame, with the first byte of its header.
func masked(first byte, payload string) []byte {
	f := []byte{first}
	switch n := len(payload); {
	case n < 126:
		f = append(f, 0x80|byte(n))
	default:
		f = append(f, 0x80|126, byte(n>>8), byte(n))
	}
	mask := [4]byte{1, 2, 3, 4}
	f = append(f, mask[:]...)
	for i := range len(payload) {
		f = append(f, payload[i]^mask[i%4])
	}
	return f
}
