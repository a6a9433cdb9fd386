package e2e_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

func TestSend(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		head := bo.view("join", M{"room": room}).Head

		body := ana.message(room, "Hello <@"+bo.user+">\n"+strings.Repeat("安 ", 3)+"\u202e<script>")
		body["data"] = M{"n": 1.5, "list": []any{"a", nil, true}, "deep": M{"x": M{}}}
		ack := ana.ack("send", body)
		if ack.Room != room || ack.Seq != head+1 || ack.Duplicate || ack.Durability != "DISK" || time.Since(ack.Time).Abs() > time.Minute {
			t.Errorf("the ack is %+v", ack)
		}
		for _, s := range []*session{ana, bo} {
			event := s.event(room, ack.Seq)
			if event.User != ana.user || event.Name != ana.welcome.User.Name || !event.Time.Equal(ack.Time) || event.ClientMsgID != body["clientMsgId"] ||
				event.Message == nil || event.Message.Text != body["text"] || !reflect.DeepEqual(event.Message.Data, body["data"]) {
				t.Errorf("%s sees %+v %+v", s.user, event, event.Message)
			}
			if event.Message != nil && !reflect.DeepEqual(event.Message.Mentions, []string{bo.user}) {
				t.Errorf("it mentions %v", event.Message.Mentions)
			}
		}

		reply := ana.message(room, "to myself")
		reply["replyTo"] = ack.Seq
		second := ana.ack("send", reply)
		if event := bo.event(room, second.Seq); event.Message == nil || event.Message.ReplyTo == nil || *event.Message.ReplyTo != ack.Seq {
			t.Errorf("a reply comes as %+v", event.Message)
		}
		stored := bo.page(M{"room": room}).Messages
		if len(stored) != 2 || stored[0].Text != body["text"] || stored[0].ClientMsgID != body["clientMsgId"] || stored[0].Version != 1 ||
			!stored[0].Time.Equal(ack.Time) || !reflect.DeepEqual(stored[0].Data, body["data"]) || stored[1].ReplyTo == nil {
			t.Errorf("the page has %+v", stored)
		}
	})
}

func TestSendAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room, other := ana.create(unique(t, "room"), nil).Room, ana.create(unique(t, "room-other"), nil).Room
		bo.view("join", M{"room": room})
		body := M{"room": room, "clientMsgId": "the-one", "text": "once", "data": M{"a": 1.0}, "attempt": 1}
		first := ana.ack("send", body)

		for what, change := range map[string]M{"as it was": {"attempt": 2}, "without its attempt": {"attempt": nil}, "as a first attempt": {}} {
			again := with(body, change)
			for _, s := range []*session{ana, enter(t, d, 1, ana.user)} {
				ack := s.ack("send", again)
				if !ack.Duplicate || ack.Seq != first.Seq || !ack.Time.Equal(first.Time) || ack.Durability != first.Durability {
					t.Errorf("sent again %s: %+v, first %+v", what, ack, first)
				}
			}
		}
		for what, change := range map[string]M{"text": {"text": "twice"}, "data": {"data": M{"a": 2.0}}, "no data": {"data": nil}, "a reply": {"replyTo": first.Seq}} {
			changed := with(body, change)
			changed["attempt"] = 2
			if reply := ana.do("send", changed); reply.Error == nil || reply.Error.Code != "CONFLICT" {
				t.Errorf("the same id with another body (%s) was answered with %s", what, reply)
			}
		}
		if theirs := bo.ack("send", with(body, nil)); theirs.Duplicate || theirs.Seq != first.Seq+1 {
			t.Errorf("another user's same id: %+v", theirs)
		}
		if elsewhere := ana.ack("send", with(body, M{"room": other})); elsewhere.Duplicate {
			t.Errorf("the same id in another room: %+v", elsewhere)
		}
		last := ana.send(room, "last").Seq
		ana.reach(room, last)
		if last != first.Seq+2 {
			t.Errorf("the room is at %d; two messages after %d it should be %d", last, first.Seq, first.Seq+2)
		}
	})
}

// with is a copy with fields changed; nil takes one away.
func with(body, change M) M {
	changed := maps.Clone(body)
	for name, value := range change {
		if changed[name] = value; value == nil {
			delete(changed, name)
		}
	}
	return changed
}

// TestSpoofedFields: who and when and where is the server's word.
func TestSpoofedFields(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		view := ana.create(unique(t, "room"), nil)
		body := with(ana.message(view.Room, "mine"), M{"user": "bo", "name": "Bo", "seq": 99, "time": "2001-01-01T00:00:00Z", "mentions": []string{"bo"}})
		ack := ana.ack("send", body)
		event := ana.event(view.Room, ack.Seq)
		if ack.Seq != view.Head+1 || event.User != ana.user || event.Name != ana.welcome.User.Name || time.Since(event.Time) > time.Minute || len(event.Message.Mentions) != 0 {
			t.Errorf("the event is %+v", event)
		}
	})
}

func TestTextLimits(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		ana.send(room, strings.Repeat("安", (16<<10)/3))
		ana.send(room, strings.Repeat("x", 16<<10))
		ana.refused("send", ana.message(room, strings.Repeat("x", 16<<10+1)), "TOO_LARGE", "text")
		ana.refused("send", ana.message(room, ""), "BAD_REQUEST", "text")
		ana.refused("send", ana.message(room, " \n\t\u200b"), "BAD_REQUEST", "text")
		ana.refused("send", ana.message(room, "a\x00b"), "BAD_REQUEST", "text")
		ana.refused("send", with(ana.message(room, "x"), M{"data": M{"x": strings.Repeat("d", 4<<10)}}), "TOO_LARGE", "data")
		ana.refused("send", with(ana.message(room, "x"), M{"replyTo": 4_000_000}), "BAD_REQUEST", "replyTo")
		for _, id := range []string{"", "with space", "é", strings.Repeat("i", 65), "a\nb"} {
			ana.refused("send", with(ana.message(room, "x"), M{"clientMsgId": id}), "BAD_REQUEST", "clientMsgId")
		}
		ana.ack("send", with(ana.message(room, "x"), M{"clientMsgId": strings.Repeat("~", 64)}))
		ana.ping()
	})
}

// TestPipeline: what one session sends into one room is decided in that order.
func TestPipeline(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		view := ana.create(unique(t, "room"), nil)
		const count = 300
		ids := make([]uint32, count)
		for i := range ids {
			var err error
			if ids[i], err = ana.Post("send", ana.message(view.Room, fmt.Sprint(i))); err != nil {
				t.Fatal(err)
			}
		}
		for i, id := range ids {
			reply, err := ana.Reply(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			if want := view.Head + 1 + uint32(i); reply.Ack == nil || reply.Ack.Seq != want {
				t.Fatalf("message %d was answered with %s; its seq should be %d", i, reply, want)
			}
		}
		ana.reach(view.Room, view.Head+count)
		for i, event := range ana.Events(view.Room, 0) {
			if event.Message == nil || event.Message.Text != fmt.Sprint(i) {
				t.Fatalf("event %d is %+v", i, event)
			}
		}
	})
}
