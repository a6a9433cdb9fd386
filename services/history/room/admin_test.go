package room

import (
	"strings"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// asAdmin is what a command of those who look after the server comes to.
func asAdmin(s *State, change any) Decision {
	return Decide(s, Command{ID: "c", By: &chatv1.Actor{User: "natter", Name: "natter", Admin: true}, Change: change}, Facts{}, DefaultLimits(), 1000)
}

// TestAdminsAreAboveOwners, also the last one: whom an owner harms has nobody
// else to turn to.
func TestAdminsAreAboveOwners(t *testing.T) {
	for name, change := range map[string]any{
		"kick": &chatv1.Kick{User: "ana"}, "ban": &chatv1.Ban{User: "ana"}, "mute": &chatv1.Mute{User: "ana"},
		"take the role": &chatv1.SetRole{User: "ana", Role: chatv1.Role_READER}, "delete the room": &chatv1.DeleteRoom{},
	} {
		s := lobby(t)
		d := asAdmin(s, change)
		if d.Event == nil {
			t.Errorf("%s: %v", name, d.Refusal)
		} else if err := s.Evolve(d.Event); err != nil || d.Event.GetUser() != "natter" {
			t.Errorf("%s: %v, %v", name, d.Event, err)
		}
	}
}

// TestDirectRoomsAreNobodysToLookAfter: an admin is told so, and not to join.
func TestDirectRoomsAreNobodysToLookAfter(t *testing.T) {
	s := roomWith(t, chatv1.RoomKind_DIRECT, chatv1.Role_MEMBER)
	for a := invite; a < actions; a++ {
		if d := asAdmin(s, attempts[a]()); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN || !strings.Contains(d.Refusal.GetMessage(), "direct room") {
			t.Errorf("%s: %v", names[a], d)
		}
	}
}

// TestAdminsLearnThatARoomIsDeleted, a private one, too.
func TestAdminsLearnThatARoomIsDeleted(t *testing.T) {
	s := New("r")
	step(t, s, "ana", &chatv1.CreateRoom{Name: "R", Kind: chatv1.RoomKind_PRIVATE})
	step(t, s, "ana", &chatv1.DeleteRoom{})
	if d := asAdmin(s, &chatv1.DeleteRoom{}); d.Refusal.GetCode() != chatv1.ErrorCode_GONE {
		t.Errorf("an admin is told %v", d)
	}
	if d := decide(s, "eve", &chatv1.DeleteRoom{}); d.Refusal.GetCode() != chatv1.ErrorCode_NOT_FOUND {
		t.Errorf("a stranger is told %v", d)
	}
	if d := asAdmin(New("nowhere"), &chatv1.DeleteRoom{}); d.Refusal.GetCode() != chatv1.ErrorCode_NOT_FOUND {
		t.Errorf("of a room that never was: %v", d)
	}
}
