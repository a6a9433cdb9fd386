package room

import (
	"fmt"
	"os"
	"strings"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// attempts does what each action of the table stands for, as user "x", in a
// room of "owner" where "other" is a member and has sent message seq 5.
var attempts = [actions]func() any{
	write:        func() any { return &chatv1.Send{ClientMsgId: "m", Text: "x"} },
	reactTo:      func() any { return &chatv1.React{Seq: 5, Emoji: "👍"} },
	invite:       func() any { return &chatv1.Invite{User: "new"} },
	deleteOthers: func() any { return &chatv1.Delete{Seq: 5} },
	kick:         func() any { return &chatv1.Kick{User: "other"} },
	ban:          func() any { return &chatv1.Ban{User: "other"} },
	mute:         func() any { return &chatv1.Mute{User: "other"} },
	update:       func() any { topic := "new"; return &chatv1.UpdateRoom{Topic: &topic} },
	archive:      func() any { yes := true; return &chatv1.UpdateRoom{Archived: &yes} },
	deleteRoom:   func() any { return &chatv1.DeleteRoom{} },
	setRole:      func() any { return &chatv1.SetRole{User: "other", Role: chatv1.Role_READER} },
}

var names = [actions]string{"send, edit and delete own", "react", "invite", "delete others' messages", "kick", "ban", "mute", "name, topic, slow mode", "archive", "delete room", "set roles"}

// roomWith is a room of a kind in which x has a role (unspecified: none).
func roomWith(t *testing.T, kind chatv1.RoomKind, role chatv1.Role) *State {
	t.Helper()
	s := New("r")
	e := func(user string, seq uint32) *chatv1.Event {
		return &chatv1.Event{Room: "r", Seq: seq, TimeMs: 1, User: user, Name: user}
	}
	created, joined, again, posted := e("owner", 1), e("other", 2), e("x", 3), e("other", 5)
	created.Change = &chatv1.Event_Created{Created: &chatv1.Created{Name: "r", Kind: kind, Members: []*chatv1.Member{{User: "owner", Role: chatv1.Role_OWNER}}}}
	joined.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}
	again.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: role}}
	posted.Change = &chatv1.Event_Message{Message: &chatv1.Posted{Text: "hello"}}
	after := e("x", 4)
	after.Change = &chatv1.Event_RoleSet{RoleSet: &chatv1.RoleSet{User: "x", Role: role}}
	if role == chatv1.Role_ROLE_UNSPECIFIED {
		after.Change = &chatv1.Event_Left{Left: &chatv1.Left{}}
	}
	for _, event := range []*chatv1.Event{created, joined, again, after, posted} {
		if err := s.Evolve(event); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestPermissions tries every cell of the table, and prints it for the docs.
func TestPermissions(t *testing.T) {
	kinds := []chatv1.RoomKind{chatv1.RoomKind_PUBLIC, chatv1.RoomKind_PRIVATE, chatv1.RoomKind_BROADCAST, chatv1.RoomKind_DIRECT}
	roles := []chatv1.Role{chatv1.Role_OWNER, chatv1.Role_MODERATOR, chatv1.Role_MEMBER, chatv1.Role_READER, chatv1.Role_ROLE_UNSPECIFIED}
	for _, kind := range kinds {
		for _, role := range roles {
			if kind == chatv1.RoomKind_DIRECT && role != chatv1.Role_MEMBER {
				continue // there are no others
			}
			for a := range actions {
				d := decide(roomWith(t, kind, role), "x", attempts[a]())
				want := may(kind, role, a)
				if got := d.Event != nil; got != want {
					t.Errorf("%v, %v: %s: %v (%v), the table says %v", kind, role, names[a], got, d.Refusal, want)
				}
				if !want && role != chatv1.Role_ROLE_UNSPECIFIED && d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
					t.Errorf("%v, %v: %s: refused with %v, want FORBIDDEN", kind, role, names[a], d.Refusal)
				}
			}
		}
	}
}

// TestPermissionsAreDocumented holds the table in the package's README against
// the code.
func TestPermissionsAreDocumented(t *testing.T) {
	var b strings.Builder
	b.WriteString("| | PUBLIC | PRIVATE | BROADCAST | DIRECT |\n|---|---|---|---|---|\n")
	for a := range actions {
		fmt.Fprintf(&b, "| %s |", names[a])
		for _, kind := range []chatv1.RoomKind{chatv1.RoomKind_PUBLIC, chatv1.RoomKind_PRIVATE, chatv1.RoomKind_BROADCAST, chatv1.RoomKind_DIRECT} {
			least := permissions[kind][a]
			if least == chatv1.Role_ROLE_UNSPECIFIED {
				b.WriteString(" nobody |")
				continue
			}
			fmt.Fprintf(&b, " %s |", least)
		}
		b.WriteString("\n")
	}
	if readme := readme(t); !strings.Contains(readme, b.String()) {
		t.Errorf("README.md does not hold this table:\n%s", b.String())
	}
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
