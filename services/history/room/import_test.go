package room

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestThePastIsTakenAsItWas: events keep their times, are taken once, and only
// in their order; nobody but an admin brings any.
func TestThePastIsTakenAsItWas(t *testing.T) {
	s := New("lobby")
	admin := &chatv1.Actor{User: "natter", Admin: true}
	take := func(by *chatv1.Actor, e *chatv1.Event) Decision {
		d := Decide(s, Command{By: by, Change: e}, Facts{}, DefaultLimits(), 10_000)
		if d.Event != nil {
			if err := s.Evolve(d.Event); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	created := func(user string, ms int64) *chatv1.Event {
		return &chatv1.Event{Seq: 1, User: user, TimeMs: ms, Change: &chatv1.Event_Created{Created: &chatv1.Created{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC, Members: []*chatv1.Member{{User: user, Role: chatv1.Role_OWNER}}}}}
	}
	said := func(seq uint32, ms int64, id string) *chatv1.Event {
		return &chatv1.Event{Seq: seq, User: "ana", TimeMs: ms, ClientMsgId: id, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "hi"}}}
	}
	if d := take(&chatv1.Actor{User: "ana"}, created("ana", 1000)); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("by a user: %v", d)
	}
	for range 2 {
		if d := take(admin, created("ana", 1000)); d.Refusal != nil || d.Seq != 1 || s.CreatedMs != 1000 {
			t.Errorf("the room: %v", d)
		}
	}
	if d := take(admin, said(2, 2000, "a")); d.Event.GetTimeMs() != 2000 || d.Event.GetSeq() != 2 {
		t.Errorf("a message: %v", d)
	}
	for _, again := range []*chatv1.Event{said(2, 2000, "a"), said(0, 2000, "a")} {
		if d := take(admin, again); !d.Duplicate() || d.Seq != 2 {
			t.Errorf("the same message: %v", d)
		}
	}
	for field, wrong := range map[string]*chatv1.Event{
		"room": created("eve", 1000), "seq": said(9, 3000, "b"), "clientMsgId": said(0, 3000, ""), "user": {TimeMs: 3000, Change: &chatv1.Event_Left{Left: &chatv1.Left{}}},
		"deleted.seq": {Seq: 3, User: "ana", TimeMs: 3000, Change: &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 1}}},
		"time":        said(3, 1999, "b"), "event": {Seq: 3, User: "ana", TimeMs: 3000},
	} {
		if d := take(admin, wrong); d.Refusal.GetField() != field {
			t.Errorf("%v is answered with %v, want a refusal of %s", wrong, d, field)
		}
	}
	if d := take(admin, said(3, 10_001, "b")); d.Refusal.GetField() != "time" {
		t.Errorf("in the future: %v", d)
	}
	if s.Head != 2 {
		t.Errorf("the head is %d", s.Head)
	}
}
