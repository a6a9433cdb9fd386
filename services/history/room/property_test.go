package room

import (
	"fmt"
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
		var marks []*chatv1.Mark
		now := int64(1_000_000)
		for range rapid.IntRange(1, 120).Draw(t, "steps") {
			now += rapid.Int64Range(-5_000, 5_000).Draw(t, "clock")
			c := commandGen().Draw(t, "command")
			if live.Head == 0 && rapid.Bool().Draw(t, "begin") {
				c.By.Admin = false
				c.Change = &chatv1.CreateRoom{Name: "Lobby", Kind: rapid.SampledFrom(validKinds).Draw(t, "kind"), Members: rapid.SliceOfN(userGen, 0, 3).Draw(t, "members")}
			}
			before, since := proto.CloneOf(live.Room()), live.Since
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
			case d.Mark != nil:
				if d.Event != nil || d.Mark.GetSeq() > live.Head || !live.Mark(d.Mark.GetUser(), d.Mark.GetSeq()) {
					t.Fatalf("a mark that does not rise: %v at head %d", d.Mark, live.Head)
				}
				marks = append(marks, d.Mark)
				continue
			case d.Event == nil:
				if d.Seq == 0 || d.Seq > live.Head {
					t.Fatalf("a duplicate of nothing: %+v at head %d", d, live.Head)
				}
				continue
			}
			e := d.Event
			if e.GetSeq() != live.Head+1 || e.GetTimeMs() < live.TimeMs || e.GetUser() != c.By.GetUser() && e.GetJoined().GetBy() != c.By.GetUser() {
				t.Fatalf("event %v does not follow head %d at %d", e, live.Head, live.TimeMs)
			}
			checkEvent(t, live, e, sent)
			if err := live.Evolve(e); err != nil {
				t.Fatal(err)
			}
			log = append(log, e)
			checkRoom(t, live, limits)
			checkTrim(t, live, e, since)
			if again := Decide(live, c, Facts{}, limits, now); again.Event != nil {
				t.Fatalf("%v was done twice", c.Change)
			}
		}
		checkReplay(t, live, log, marks)
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
		if m == nil || m.Role == chatv1.Role_READER || s.Muted[e.GetUser()] > e.GetTimeMs() || s.Archived {
			t.Fatalf("%s posted with standing %v, muted %v, archived %v", e.GetUser(), m, s.Muted, s.Archived)
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
	if s.Closed && e.GetTrimmed() == nil {
		t.Fatalf("%v in a room that is closed", e)
	}
	if j := e.GetJoined(); j != nil && (s.Kind == chatv1.RoomKind_PRIVATE && j.By == nil || s.Banned[e.GetUser()] > e.GetTimeMs()) {
		t.Fatalf("%s joined a room of kind %v, bans %v", e.GetUser(), s.Kind, s.Banned)
	}
	if target := Subject(e); target != 0 && target != e.GetSeq() {
		m, _ := s.Message(target)
		if m == nil || e.GetEdited() != nil && m.User != e.GetUser() || m.Deleted > 0 {
			t.Fatalf("%v of message %+v", e, m)
		}
	}
	if r := e.GetRemoved(); r != nil {
		by, of := s.Members[e.GetUser()], s.Members[r.GetUser()]
		if of != nil && of.Role == chatv1.Role_OWNER && by.Role != chatv1.Role_OWNER {
			t.Fatalf("%+v removed an owner", by)
		}
	}

	if e.GetCreated() != nil && s.Head != 0 {
		t.Fatalf("created twice")
	}
}

// checkTrim: what is trimmed is gone and stays so.
func checkTrim(t *rapid.T, s *State, e *chatv1.Event, since uint32) {
	if s.Since < since || s.Since != max(since, e.GetTrimmed().GetBefore()) {
		t.Fatalf("messages are kept from %d after %v, and were from %d", s.Since, e, since)
	}
	if s.Last != nil && s.Last.GetSeq() < s.Since {
		t.Fatalf("the newest message is %d, and messages are kept from %d", s.Last.GetSeq(), s.Since)
	}
	for seq := range s.messages.bySeq {
		if seq < s.Since {
			t.Fatalf("message %d is known, and messages are kept from %d", seq, s.Since)
		}
	}
	for _, change := range []any{&chatv1.Edit{Seq: s.Since - 1, Text: "x"}, &chatv1.React{Seq: s.Since - 1, Emoji: "x"}, &chatv1.Delete{Seq: s.Since - 1}} {
		if d := Decide(s, Command{By: &chatv1.Actor{User: "ana"}, Change: change}, Facts{}, DefaultLimits(), s.TimeMs); s.Since > 1 && s.Members["ana"] != nil && !s.banned("ana", s.TimeMs) && !s.Closed && d.Refusal.GetCode() != chatv1.ErrorCode_GONE {
			t.Fatalf("%T of message %d before %d: %v", change, s.Since-1, s.Since, d.Refusal)
		}
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
func checkReplay(t *rapid.T, live *State, log []*chatv1.Event, marks []*chatv1.Mark) {
	replayed := New(live.ID)
	for _, e := range log {
		if err := replayed.Evolve(e); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range marks {
		_ = replayed.Mark(m.GetUser(), m.GetSeq())
	}
	if fmt.Sprint(replayed.Banned, replayed.Muted) != fmt.Sprint(live.Banned, live.Muted) {
		t.Fatalf("sanctions: replayed %v %v, live %v %v", replayed.Banned, replayed.Muted, live.Banned, live.Muted)
	}
	for seq, want := range live.messages.bySeq {
		if got := Followed(seq, nil, log); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("message %d: replayed %+v, live %+v", seq, got, want)
		}
	}
	if filled, ok := Filled(live.ID, log, 0, live.Head, live.Since); !ok || len(filled) != len(log) {
		t.Fatalf("%d events are %d when filled", len(log), len(filled))
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
