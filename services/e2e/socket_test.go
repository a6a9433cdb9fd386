package e2e_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
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

// brokenFrames are those that no library sends, and the codes of RFC 6455 that
// are right for them.
func brokenFrames() map[string]brokenFrame {
	part := func(first byte, payload string) []byte {
		return append(wire.AppendHeader(nil, first, 0x80, len(payload)), payload...)
	}
	endless := part(wire.Text, "x")
	for range 70 {
		endless = append(endless, part(0, strings.Repeat("x", 1000))...)
	}
	return map[string]brokenFrame{
		"no UTF-8":                  {wire.Append(nil, wire.Text, []byte("{\"id\":1,\"ping\":{},\"x\":\"\xff\"}")), []int{1007}},
		"half a character":          {append(part(wire.Text, "\xe5"), part(0x80, "")...), []int{1007}},
		"not masked":                {append(wire.AppendHeader(nil, 0x80|wire.Text, 0, 2), "{}"...), []int{1002}},
		"reserved opcode":           {wire.Append(nil, 3, nil), []int{1002}},
		"reserved control opcode":   {wire.Append(nil, 11, nil), []int{1002}},
		"reserved bit":              {part(0x80|0x40|wire.Text, "{}"), []int{1002}},
		"long ping":                 {wire.Append(nil, wire.Ping, []byte(strings.Repeat("x", 126))), []int{1002}},
		"ping in parts":             {part(wire.Ping, ""), []int{1002}},
		"continues nothing":         {wire.Append(nil, 0, []byte("{}")), []int{1002}},
		"begins anew in the middle": {append(part(wire.Text, "{"), wire.Append(nil, wire.Text, []byte("{}"))...), []int{1002}},
		"close with one byte":       {wire.Append(nil, wire.Close, []byte{3}), []int{1002, 1005}}, // or taken as one without a code
		"close with a bad code":     {wire.Append(nil, wire.Close, []byte{3, 0xed}), []int{1002}},
		"close without UTF-8":       {wire.Append(nil, wire.Close, []byte{3, 0xe8, 0xff}), []int{1002, 1007}},
		"length of a terabyte":      {wire.AppendHeader(nil, 0x80|wire.Text, 0x80, 1<<40), []int{1009}},
		"negative length":           {wire.AppendHeader(nil, 0x80|wire.Text, 0x80, -1), []int{1002, 1006, 1009}},
		"endless parts":             {endless, []int{1009}},
	}
}

type brokenFrame struct {
	bytes []byte
	codes []int
}

func TestBrokenFrames(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		for what, broken := range brokenFrames() {
			code, err := closeOf(gateway(d, 0), broken.bytes)
			if err != nil || !slices.Contains(broken.codes, code) {
				t.Errorf("%s: closed with %d (%v), which should be %v", what, code, err, broken.codes)
			}
		}
		enter(t, d, 0, unique(t, "ana")).ping()
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

// TestStoppedReader: who reads nothing is let go, and delays nobody.
func TestStoppedReader(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		stopped, user := dialWith(t, d, 1, client.Options{ReadBuffer: 256 << 10}), unique(t, "stopped")
		stopped.greet(user, token.For(user, "Stopped").Sign(d.JWTSecret), nil)
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		joined := stopped.view("join", M{"room": room}).Head
		resume := stopped.Stall()
		defer resume()
		// Until more is waiting than the kernel's buffers and the outbox hold.
		text := strings.Repeat("x", 16<<10)
		last, slowest, sent := uint32(0), time.Duration(0), 0
		for letGo := false; !letGo; sent++ {
			if sent == 4000 {
				t.Fatalf("after %d messages of 16 KiB the reader that stopped is still held", sent)
			}
			mark, began := ana.Mark(), time.Now()
			last = ana.send(room, text).Seq
			bo.reach(room, last)
			slowest = max(slowest, time.Since(began))
			letGo = slices.ContainsFunc(ana.Since(mark), func(f client.Frame) bool {
				return f.PresenceChange != nil && f.PresenceChange.State(user) == "OFFLINE"
			})
		}
		t.Logf("let go after %d messages, of which the slowest took %s", sent, slowest)
		if slowest > 5*time.Second {
			t.Errorf("beside a reader that stopped, a message took %s", slowest)
		}
		resume()
		// Whoever reads nothing for long may miss the close frame, too.
		if end, err := stopped.AwaitClose(t.Context()); err != nil || end.Code != 4008 && end.Code != websocket.CloseAbnormalClosure {
			t.Errorf("a reader that stopped is let go with %v (%v)", end, err)
		}
		back := stopped.back(d, 0)
		if view := back.resumed(room); view.Head != last || view.Resume != "COMPLETE" && view.Resume != "TRUNCATED" || stopped.Seq(room) < joined {
			t.Errorf("who was let go is back and sees %+v", view)
		}
	})
}
