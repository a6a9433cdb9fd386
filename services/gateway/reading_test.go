package gateway

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"net"
	"slices"
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

// TestPongsAreAFloodToo: nobody may send as many of them as they like.
func TestPongsAreAFloodToo(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]byte{"pings": 0x89, "pongs": 0x8a} {
		t.Run(name, func(t *testing.T) {
			c, _ := dialRaw(t, start(t, func(cfg *Config) { cfg.RequestsPerSecond, cfg.RequestsBurst = 5, 5 }).listen(t), "")
			go func() {
				for range 2000 {
					if _, err := c.conn.Write(masked(first, "x")); err != nil {
						return // it was let go
					}
				}
			}()
			if code := closeCode(c.in); code != closeFlood {
				t.Errorf("a flood of them is answered with %d", code)
			}
		})
	}
}

// TestPingsAndPongsAreHeard: each that comes between messages is told of with what
// it carries, and none is left to the library.
func TestPingsAndPongsAreHeard(t *testing.T) {
	t.Parallel()
	server, client := pipe(t)
	s := newSocket(server, &buffers{}, 1<<20, func() int64 { return 0 })
	s.guard.Limit = 1000
	var heard []string
	hear := func(kind string) func(string) error {
		return func(data string) error {
			heard = append(heard, kind+" "+data)
			return nil
		}
	}
	send := func(frames ...[]byte) (forTheLibrary bool) {
		t.Helper()
		if _, err := client.Write(bytes.Join(frames, nil)); err != nil {
			t.Fatal(err)
		}
		s.await()
		return s.listen(hear("ping"), hear("pong"))
	}
	if send(masked(0x8a, "1"), masked(0x89, "2"), masked(0x8a, "")) || send(masked(0x8a, "3")) {
		t.Error("pings and pongs are left to the library")
	}
	if want := []string{"pong 1", "ping 2", "pong ", "pong 3"}; !slices.Equal(heard, want) {
		t.Errorf("heard %q, want %q", heard, want)
	}
	if !send(masked(0x8a, "4"), masked(0x81, "hello")) || len(heard) != 5 {
		t.Errorf("a message is not left to the library, or what came before it not heard: %q", heard)
	}
}

// TestMessagesThatEndBeforeTheirFrame: a compressed message ends with its final
// block. What of the frame comes later is nothing, whatever it looks like.
func TestMessagesThatEndBeforeTheirFrame(t *testing.T) {
	t.Parallel()
	r := start(t, compressing)
	c, _ := dialRaw(t, r.listen(t), offer)
	c.put(masked(0x81, mustJSON(object{"id": 1, "hello": object{"token": tokenOf(t, "ana", time.Hour)}})))
	c.heard(`"welcome"`)
	var final bytes.Buffer
	w, _ := flate.NewWriter(&final, flate.BestCompression)
	_, _ = io.WriteString(w, `{"id":2,"ping":{}}`)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	payload := make([]byte, 1000)
	copy(payload, final.Bytes())
	const head = 8                       // of the frame, with its mask
	cut := 100                           // less than the library reads at once: the socket has nothing left then
	for i, b := range masked(0x8a, "") { // as it is on the wire
		payload[cut-head+i] = b ^ []byte{1, 2, 3, 4}[(cut-head+i)%4]
	}
	whole := masked(0xc1, string(payload))
	c.put(whole[:cut])
	c.heard(`"re":2`) // so it was read by itself
	c.put(whole[cut:])
	for id := 3; id < 6; id++ {
		c.put(masked(0x81, mustJSON(object{"id": id, "ping": object{}})))
		c.heard(fmt.Sprintf(`"re":%d`, id))
	}
}

// TestWhoWaitsHoldsNoBuffer: a connection is read, into what is lent, only where
// something has come; in the middle of a frame, too.
func TestWhoWaitsHoldsNoBuffer(t *testing.T) {
	t.Parallel()
	server, client := pipe(t)
	conn := &ripe{TCPConn: server.(*net.TCPConn), t: t}
	s := newSocket(conn, &buffers{}, 1<<20, func() int64 { return 0 })
	s.guard.Limit = 1000
	got := make(chan string)
	go func() {
		defer close(got)
		p := make([]byte, 128)
		for {
			n, err := s.Read(p)
			if err != nil {
				return
			}
			got <- string(p[:n])
		}
	}()
	message := masked(0x81, "hello")
	for _, part := range []string{string(message[:1]), string(message[1:])} {
		if _, err := client.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
		if passed := <-got; passed != part {
			t.Fatalf("% x is passed on as % x", part, passed)
		}
	}
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	if _, more := <-got; more {
		t.Error("something comes out of a connection that is over")
	}
	if conn.reads != 3 {
		t.Errorf("%d reads for two pieces and the end", conn.reads)
	}
}

// ripe is a connection that may be read only if that does not wait.
type ripe struct {
	*net.TCPConn
	t     *testing.T
	reads int
}

func (r *ripe) Read(p []byte) (int, error) {
	r.reads++
	raw, err := r.SyscallConn()
	if err != nil {
		return 0, err
	}
	if err := raw.Control(func(fd uintptr) {
		if !readable(fd) {
			r.t.Error("it is read, and nothing has come")
		}
	}); err != nil {
		return 0, err
	}
	return r.TCPConn.Read(p)
}
