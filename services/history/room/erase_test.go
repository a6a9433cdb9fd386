package room

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestOnlyAdminsErase: neither an owner nor an author takes messages away for
// good, and what is named has to be there.
func TestOnlyAdminsErase(t *testing.T) {
	s := New("lobby")
	do := func(by *chatv1.Actor, change any) Decision {
		d := Decide(s, Command{By: by, Change: change}, Facts{}, DefaultLimits(), 1000)
		if d.Event != nil {
			if err := s.Evolve(d.Event); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	ana, admin := &chatv1.Actor{User: "ana"}, &chatv1.Actor{User: "natter", Admin: true}
	if d := do(admin, &chatv1.Erase{Seqs: []uint32{1}}); d.Refusal.GetCode() != chatv1.ErrorCode_NOT_FOUND {
		t.Errorf("in a room that is not there: %v", d)
	}
	do(ana, &chatv1.CreateRoom{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC})
	do(ana, &chatv1.Send{ClientMsgId: "m", Text: "hi", Attempt: 1})
	if d := do(ana, &chatv1.Erase{Seqs: []uint32{2}}); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("by the owner: %v", d)
	}
	for _, seq := range []uint32{0, 3} {
		if d := do(admin, &chatv1.Erase{Seqs: []uint32{seq}}); d.Refusal.GetField() != "seqs" {
			t.Errorf("of seq %d, at head 2: %v", seq, d)
		}
	}
	do(ana, &chatv1.DeleteRoom{})
	if d := do(admin, &chatv1.Erase{Seqs: []uint32{2}}); d.Event == nil || !s.Last.GetDeleted() || s.Last.GetText() != "" {
		t.Errorf("in a closed room: %v; the last message is %v", d, s.Last)
	}
	if d := do(admin, &chatv1.Erase{User: "ana"}); d.Event == nil || len(s.Members) != 0 || s.CreatedBy != Nobody {
		t.Errorf("of a member: %v; %+v", d, s)
	}
	if d := do(admin, &chatv1.Erase{User: "ana"}); !d.Duplicate() {
		t.Errorf("of who is not there: %v", d)
	}
}
