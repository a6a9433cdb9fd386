package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

const frameLimit = 64 << 10

func TestTooLargeFrame(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		const id = 100
		padded := func(size int) string {
			const around = len(`{"id":100,"ping":{},"pad":""}`)
			return `{"id":100,"ping":{},"pad":"` + strings.Repeat("x", size-around) + `"}`
		}
		if err := s.RawRequest(id, padded(frameLimit)); err != nil {
			t.Fatal(err)
		}
		if reply, err := s.Reply(t.Context(), id); err != nil || reply.Pong == nil {
			t.Errorf("a frame of just the limit was answered with %s (%v)", reply, err)
		}
		if err := s.Raw(websocket.TextMessage, []byte(padded(frameLimit+1))); err != nil {
			t.Fatal(err)
		}
		s.closed(websocket.CloseMessageTooBig)
	})
}

func TestBinaryOnJSON(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		if err := s.Raw(websocket.BinaryMessage, []byte{8, 1, 26, 0}); err != nil {
			t.Fatal(err)
		}
		s.closed(websocket.CloseUnsupportedData)
	})
}

// closeOf is how a gateway ends a connection on which these bytes came.
func closeOf(gateway string, bytes []byte) (int, error) {
	c, err := wire.Dial(gateway, client.Subprotocol, client.Patience)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	if _, err := c.Write(bytes); err != nil {
		return 0, err
	}
	return c.ReadClose(client.Patience)
}

func TestOrigins(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		own := gateway(d, 0)
		for _, origin := range []string{"https://evil.example", "null", own + ".evil.example", "http://127.0.0.1:1", "file://"} {
			_, err := client.Dial(t.Context(), own, client.Options{Header: http.Header{"Origin": {origin}}})
			var refused *client.Refused
			if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
				t.Errorf("an upgrade from origin %s: %v, not 403", origin, err)
			}
		}
		c, err := client.Dial(t.Context(), own, client.Options{Header: http.Header{"Origin": {own}}})
		if err != nil {
			t.Fatalf("an upgrade from the gateway's own origin: %v", err)
		}
		c.Close()
	})
}

// TestIDsTwice: what a client numbers alike is answered alike.
func TestIDsTwice(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c, err := wire.Dial(gateway(d, 0), client.Subprotocol, client.Patience)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		hello := fmt.Sprintf(`{"id":1,"hello":{"token":%q}}`, enter(t, d, 0, unique(t, "ana")).token)
		frames := wire.Append(nil, wire.Text, []byte(hello))
		for range 3 {
			frames = wire.Append(frames, wire.Text, []byte(`{"id":1,"ping":{}}`))
		}
		if err := c.SetDeadline(time.Now().Add(client.Patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(frames); err != nil {
			t.Fatal(err)
		}
		for pongs := 0; pongs < 3; {
			_, payload, err := c.Read()
			if err != nil {
				t.Fatalf("after %d pongs of 3: %v", pongs, err)
			}
			if strings.Contains(string(payload), `"pong"`) {
				pongs++
			}
		}
	})
}

// TestStoppedReader: who reads nothing is told why they are let go, delays
// nobody, and has missed nothing when they are back. Nobody is asked whether
// they live, or a slow machine would let go of the reader for that. Little may
// wait, so that there is no room long before nothing was taken for 10 s: then
// the connection is cut without a word.
func TestStoppedReader(t *testing.T) {
	everywhereAlone(t, append(withoutLimits(), "NATTER_PING_INTERVAL=0", "NATTER_OUTBOX_BYTES=262144"), func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		stopped, user := dialWith(t, d, 1, client.Options{ReadBuffer: 256 << 10}), unique(t, "stopped")
		stopped.greet(user, token.For(user, "Stopped").Sign(d.JWTSecret), nil)
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		joined := stopped.view("join", M{"room": room}).Head
		before := slowCloses(t, d)
		resume := stopped.Stall()
		defer resume()
		// Until more is waiting than the kernel's buffers and the outbox hold, but
		// no more in all than a resume brings.
		const burst, most = 16, 480
		text := strings.Repeat("x", 16<<10)
		last, slowest := joined, time.Duration(0)
		for slowCloses(t, d) == before {
			if last-joined == most {
				t.Fatalf("after %d messages of 16 KiB the reader that stopped is still held", most)
			}
			began := time.Now()
			for _, id := range posts(ana, room, text, burst) {
				reply, err := ana.Reply(t.Context(), id)
				if err != nil || reply.Ack == nil {
					t.Fatalf("a send was answered with %s (%v)", reply, err)
				}
				last = max(last, reply.Ack.Seq)
			}
			bo.reach(room, last)
			slowest = max(slowest, time.Since(began))
		}
		resume() // soon enough to still be told: nothing taken for 10 s cuts the connection
		stopped.closed(4008)
		t.Logf("let go after %d messages, of which it had %d; the slowest %d took %s", last-joined, stopped.Seq(room)-joined, burst, slowest)
		if slowest > 5*time.Second {
			t.Errorf("beside a reader that stopped, %d messages took %s", burst, slowest)
		}
		back := stopped.back(d, 0)
		if view := back.resumed(room); view.Head != last || view.Resume != "COMPLETE" {
			t.Errorf("who was let go is back and sees %+v", view)
		}
		back.reach(room, last)
		if stopped.Seq(room) == last {
			t.Error("who was let go had everything already")
		}
		gapless(t, "who was let go", joined, last, append(stopped.Events(room, 0), back.Events(room, 0)...))
		gapless(t, "who reads", joined, last, bo.Events(room, 0))
	})
}

// posts sends messages without waiting for what becomes of them.
func posts(s *session, room, text string, count int) []uint32 {
	s.t.Helper()
	ids := make([]uint32, count)
	for i := range ids {
		var err error
		if ids[i], err = s.Post("send", s.message(room, text)); err != nil {
			s.t.Fatal(err)
		}
	}
	return ids
}

// gapless looks that each message after the seq joined came once, in order.
func gapless(t *testing.T, who string, joined, last uint32, events []*client.Event) {
	t.Helper()
	var seqs []uint32
	for _, e := range events {
		if e.Seq > joined {
			seqs = append(seqs, e.Seq)
		}
	}
	for i, seq := range seqs {
		if want := joined + 1 + uint32(i); seq != want {
			t.Fatalf("%s got seq %d where %d was due", who, seq, want)
		}
	}
	if len(seqs) != int(last-joined) {
		t.Errorf("%s got %d events of %d", who, len(seqs), last-joined)
	}
}

// slowCloses is how many connections the gateways closed for reading nothing.
func slowCloses(t *testing.T, d *shape.Deployment) int {
	t.Helper()
	total := 0
	for _, ops := range d.Ops {
		lines := bufio.NewScanner(get(t, ops+"/metrics").Body)
		for lines.Scan() {
			text, found := strings.CutPrefix(lines.Text(), `natter_gateway_closes_total{code="4008"} `)
			if !found {
				continue
			}
			count, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			total += count
		}
	}
	return total
}
