package room

import (
	"testing"

	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestRules runs random commands of several users, with a clock that jumps,
// and holds what every room promises against each step.
func TestRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		live := New("lobby")
		limits := DefaultLimits()
		limits.Members = 3
		var log []*chatv1.Event
		sent := map[SentKey]*chatv1.Event{}
		now := int64(1_000_000)
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			now += rapid.Int64Range(-5_000, 5_000).Draw(t, "clock")
			c := commandGen().Draw(t, "command")
			before := proto.CloneOf(live.Room())
			d := Decide(live, c, Facts{}, limits, now)
			if !proto.Equal(before, live.Room()) {
				t.Fatalf("Decide changed the room: %v", c)
			}
			switch {
			case d.Refusal != nil:
				if d.Event != nil || d.Refusal.GetCode() == chatv1.ErrorCode_ERROR_CODE_UNSPECIFIED || d.Refusal.GetMessage() == "" {
					t.Fatalf("a refusal that says nothing: %v", d)
				}
				continue
			case d.Event == nil:
				if d.Seq == 0 || d.Seq > live.Head {
					t.Fatalf("a duplicate of nothing: %+v at head %d", d, live.Head)
				}
				continue
			}
			e := d.Event
			if e.GetSeq() != live.Head+1 || e.GetTimeMs() < live.TimeMs || e.GetUser() != c.By.GetUser() {
				t.Fatalf("event %v does not follow head %d at %d", e, live.Head, live.TimeMs)
			}
			checkEvent(t, live, e, sent)
			if err := live.Evolve(e); err != nil {
				t.Fatal(err)
			}
			log = append(log, e)
			checkRoom(t, live, limits)
			if again := Decide(live, c, Facts{}, limits, now); again.Event != nil {
				t.Fatalf("%v was done twice", c.Change)
			}
		}
		checkReplay(t, live, log)
	})
}

func checkEvent(t *rapid.T, s *State, e *chatv1.Event, sent map[SentKey]*chatv1.Event) {
	if p := e.GetMessage(); p != nil {
		key := SentKey{User: e.GetUser(), ClientMsgID: e.GetClientMsgId()}
		if first := sent[key]; first != nil {
			t.Fatalf("%v was posted at %d and again at %d", key, first.GetSeq(), e.GetSeq())
		}
		sent[key] = e
		m := s.Members[e.GetUser()]
		if m == nil || m.Role == chatv1.Role_READER {
			t.Fatalf("%s posted with standing %v", e.GetUser(), m)
		}
		if len(p.GetText()) == 0 || len(p.GetText()) > 16<<10 {
			t.Fatalf("a text of %d bytes", len(p.GetText()))
		}
		for _, user := range p.GetMentions() {
			if s.Members[user] == nil {
				t.Fatalf("%s is mentioned and no member", user)
			}
		}
	}
	if e.GetJoined() != nil && s.Kind == chatv1.RoomKind_PRIVATE {
		t.Fatalf("%s joined a private room uninvited", e.GetUser())
	}
	if e.GetCreated() != nil && s.Head != 0 {
		t.Fatalf("created twice")
	}
}

func checkRoom(t *rapid.T, s *State, limits Limits) {
	if s.owners() == 0 {
		t.Fatalf("a room of %d members without an owner", len(s.Members))
	}
	if len(s.Members) > max(limits.Members, 4) { // createRoom may name more than joins may reach
		t.Fatalf("%d members", len(s.Members))
	}
	for user, m := range s.Members {
		if m.ReadSeq > s.Head || m.ReadSeq < m.JoinedSeq || m.Role == chatv1.Role_ROLE_UNSPECIFIED {
			t.Fatalf("%s stands as %+v at head %d", user, m, s.Head)
		}
	}
}

// checkReplay: the log alone gives the state that the decisions used.
func checkReplay(t *rapid.T, live *State, log []*chatv1.Event) {
	replayed := New(live.ID)
	for _, e := range log {
		if err := replayed.Evolve(e); err != nil {
			t.Fatal(err)
		}
	}
	if !proto.Equal(replayed.Room(), live.Room()) || !proto.Equal(replayed.Last, live.Last) {
		t.Fatalf("replayed %v, live %v", replayed.Room(), live.Room())
	}
	for user, m := range live.Members {
		if got := replayed.Members[user]; got == nil || *got != *m {
			t.Fatalf("%s: replayed %+v, live %+v", user, got, m)
		}
	}
	for key, want := range live.sent.byKey {
		if got, ok := replayed.Sent(key); !ok || got != want {
			t.Fatalf("%v: replayed %+v, live %+v", key, got, want)
		}
	}
}
