package gateway

import (
	"fmt"
	"slices"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// together writes frames in one piece.
func (c *client) together(frames ...[]byte) {
	c.t.Helper()
	if _, err := c.conn.UnderlyingConn().Write(slices.Concat(frames...)); err != nil {
		c.t.Fatal(err)
	}
}

// acked waits for the acks of some requests of one room, in this order.
func (c *client) acked(ids ...int) {
	c.t.Helper()
	for _, id := range ids {
		for name, body := c.next(); name != "ack" || body["re"] != id; name, body = c.next() {
			if name != "event" {
				c.t.Fatalf("got %s %v, want the ack of %d", name, body, id)
			}
		}
	}
}

func sendFrame(room string, id int) []byte {
	return masked(0x81, mustJSON(object{"id": id, "send": object{"room": room, "clientMsgId": fmt.Sprint(room, "-", id), "text": "x"}}))
}

// TestMessagesThatComeTogether go together: one command for each room. They do not
// wait for what comes later, and who says goodbye behind them has said them.
func TestMessagesThatComeTogether(t *testing.T) {
	t.Parallel()
	r := start(t)
	for _, room := range []string{"lobby", "den"} {
		r.town.Create("ana", room, chatv1.RoomKind_PUBLIC)
	}
	t.Run("one command for each room", func(t *testing.T) {
		ana, _ := r.hello(t, "ana")
		before := r.town.Attempts()
		ana.together(sendFrame("lobby", 2), sendFrame("den", 3), sendFrame("lobby", 4), sendFrame("lobby", 5))
		var acks []int
		for len(acks) < 4 {
			if name, body := ana.next(); name == "ack" {
				acks = append(acks, body["re"].(int))
			}
		}
		lobby := slices.DeleteFunc(acks, func(id int) bool { return id == 3 })
		if !slices.Equal(lobby, []int{2, 4, 5}) {
			t.Errorf("the acks of one room are of %v, want 2, 4, 5", lobby)
		}
		if n := r.town.Attempts() - before; n != 2 {
			t.Errorf("%d commands, want one for each of 2 rooms", n)
		}
	})
	t.Run("not later than what is not whole", func(t *testing.T) {
		ana, _ := r.hello(t, "ana")
		next := sendFrame("lobby", 12)
		ana.together(sendFrame("lobby", 10), sendFrame("lobby", 11), next[:len(next)/2])
		ana.acked(10, 11)
		ana.together(next[len(next)/2:])
		ana.acked(12)
	})
	t.Run("not later than a ping", func(t *testing.T) {
		ana, _ := r.hello(t, "ana")
		ana.together(sendFrame("lobby", 20), masked(0x89, "here?"))
		ana.acked(20)
	})
	t.Run("with other requests behind", func(t *testing.T) {
		ana, _ := r.hello(t, "ana")
		ana.together(sendFrame("lobby", 30), masked(0x81, mustJSON(object{"id": 31, "edit": object{"room": "lobby", "seq": 2, "text": "y"}})), sendFrame("lobby", 32))
		ana.acked(30, 31, 32)
	})
	for name, goodbye := range map[string]func(*client, []byte){
		"before a close frame": func(c *client, sends []byte) { c.together(sends, masked(0x88, "\x03\xe8")) },
		"before the end":       func(c *client, sends []byte) { c.together(sends); _ = c.conn.Close() },
		"before a violation":   func(c *client, sends []byte) { c.together(sends, masked(0x83, "no such frame")) },
	} {
		t.Run(name, func(t *testing.T) {
			ana, _ := r.hello(t, "ana")
			head := r.town.Head("den")
			goodbye(ana, slices.Concat(sendFrame("den", 40+len(name)), sendFrame("den", 140+len(name))))
			eventually(t, "both messages are stored", func() bool { return r.town.Head("den") == head+2 })
		})
	}
}
