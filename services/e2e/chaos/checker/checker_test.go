package checker_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

func check(t *testing.T, entries []history.Entry) []checker.Violation {
	t.Helper()
	found, err := checker.Check(entries)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestCleanHistory: nothing is found where nothing is wrong, with all that may
// look wrong: a resend, a resume, a deleted message, a member who is removed
// and comes back, an attempt whose outcome nobody knows.
func TestCleanHistory(t *testing.T) {
	s := newScript(t)
	s.open(1, "ana", nil)
	s.open(2, "bo", nil)
	s.say(1, "ana", "a1", 1, 2)
	s.add(history.Entry{Kind: history.Closed, Conn: 2})
	lost := s.say(1, "ana", "a2", 1)
	s.say(1, "ana", "a3", 1)
	s.open(3, "bo", new(uint32(2)))

	re := s.ask(3, `"send":{"room":"den","clientMsgId":"b1","text":"text of b1"}`)
	e := s.log(history.Event{User: "bo", ClientMsgID: "b1", Message: &history.Posted{Text: "text of b1"}})
	s.show(1, e)
	s.show(3, e)
	s.frame(history.Got, 3, `{"re":%d,"error":{"code":"UNAVAILABLE","message":"m"}}`, re)
	re = s.ask(3, `"send":{"room":"den","clientMsgId":"b1","text":"text of b1","attempt":2}`)
	s.frame(history.Got, 3, `{"re":%d,"ack":{"room":"den","seq":%d,"duplicate":true}}`, re, e.Seq)

	edited := s.log(history.Event{User: "ana", Edited: &history.Edited{Seq: 2, Text: "new"}})
	s.show(1, edited)
	s.show(3, edited)
	s.room.Messages[0].Text, s.room.Messages[0].Version = "new", 2
	s.room.Events[1].Message = &history.Posted{Text: "new"} // the log has it as it stands

	re = s.ask(1, `"delete":{"room":"den","seq":%d}`, lost.Seq)
	deleted := s.log(history.Event{User: "ana", Deleted: &history.Target{Seq: lost.Seq}})
	s.room.Events[lost.Seq-1].Message = &history.Posted{}
	s.room.Messages[1].Text, s.room.Messages[1].Deleted = "", true
	s.show(1, deleted)
	s.show(3, deleted)
	s.ack(1, re, deleted.Seq)

	re = s.ask(1, `"kick":{"room":"den","user":"bo"}`)
	kicked := s.log(history.Event{User: "ana", Removed: &history.Removed{User: "bo"}})
	s.show(1, kicked)
	s.show(3, kicked)
	s.frame(history.Got, 3, `{"gone":{"room":"den","reason":"removed"}}`)
	s.ack(1, re, kicked.Seq)
	s.say(1, "ana", "a4", 1)
	back := s.log(history.Event{User: "bo", Joined: &history.Joined{Role: "MEMBER", By: "ana"}})
	s.show(1, back)
	s.frame(history.Got, 3, `{"room":{"room":"den","kind":"PRIVATE","role":"MEMBER","head":%d,"readSeq":%d,"resume":"FRESH"}}`, back.Seq, back.Seq)
	s.say(1, "ana", "a5", 1, 3)
	s.room.Members[1].ReadSeq = back.Seq
	if found := check(t, s.end(1, "ana", "bo")); len(found) > 0 {
		t.Errorf("something is found in a clean history: %v", found)
	}
}

// TestLeftMeanwhile: somebody joins, and leaves with another device before the
// first has its answer, which then says that they are not in.
func TestLeftMeanwhile(t *testing.T) {
	s := newScript(t)
	s.room.Kind = "PUBLIC"
	s.room.Events[0].Created.Kind = "PUBLIC"
	s.open(1, "ana", nil)
	s.add(history.Entry{Kind: history.Opened, Conn: 2, User: "cy"})
	join := s.ask(2, `"join":{"room":"den"}`)
	s.show(1, s.log(history.Event{User: "cy", Joined: &history.Joined{Role: "MEMBER"}}))
	left := s.log(history.Event{User: "cy", Left: &struct{}{}})
	s.show(1, left)
	s.frame(history.Got, 2, `{"re":%d,"room":{"room":"den","kind":"PUBLIC","role":"ROLE_UNSPECIFIED","head":%d,"resume":"FRESH"}}`, join, left.Seq)
	if found := check(t, s.end(1, "ana")); len(found) > 0 {
		t.Errorf("something is found in a clean history: %v", found)
	}
}

// TestPlantedFaults: each fault is found, under its own name, and each rule has
// one.
func TestPlantedFaults(t *testing.T) {
	// Both are connected; two messages are sent, shown and acked.
	talk := func(s *script) {
		s.open(1, "ana", nil)
		s.open(2, "bo", nil)
		s.say(1, "ana", "a1", 1, 2)
		s.say(1, "ana", "a2", 1, 2)
	}
	both := func(s *script) []history.Entry { return s.end(1, "ana", "bo") }
	// A user joins, and is told that they are something in the room.
	told := func(user, role string) func(*script) []history.Entry {
		return func(s *script) []history.Entry {
			talk(s)
			s.add(history.Entry{Kind: history.Opened, Conn: 3, User: user})
			re := s.ask(3, `"join":{"room":"den"}`)
			s.frame(history.Got, 3, `{"re":%d,"room":{"room":"den","role":%q,"head":3,"resume":"FRESH"}}`, re, role)
			return both(s)
		}
	}
	faults := []struct {
		rule, name string
		plant      func(*script) []history.Entry
	}{
		{"order", "two users see another event at a seq", func(s *script) []history.Entry {
			talk(s)
			e := s.say(1, "ana", "a3", 1)
			e.Message = &history.Posted{Text: "another"}
			s.show(2, e)
			return both(s)
		}},
		{"order", "the log has a hole", func(s *script) []history.Entry {
			talk(s)
			s.room.Events[2].Seq = 4
			return both(s)
		}},
		{"order", "time goes back", func(s *script) []history.Entry {
			talk(s)
			s.log(history.Event{User: "ana", Edited: &history.Edited{Seq: 2, Text: "text of a1"}})
			s.room.Events[3].Time = s.room.Events[0].Time
			return both(s)
		}},
		{"ack", "a message stands elsewhere than its ack said", func(s *script) []history.Entry {
			talk(s)
			re := s.ask(1, `"send":{"room":"den","clientMsgId":"a3","text":"text of a3"}`)
			s.ack(1, re, 5)
			s.log(history.Event{User: "ana", ClientMsgID: "a3", Message: &history.Posted{Text: "text of a3"}})
			s.log(history.Event{User: "ana", ClientMsgID: "a4", Message: &history.Posted{Text: "text of a4"}})
			return both(s)
		}},
		{"ack", "a message is stored with another text", func(s *script) []history.Entry {
			talk(s)
			re := s.ask(1, `"send":{"room":"den","clientMsgId":"a3","text":"what was sent"}`)
			s.log(history.Event{User: "ana", ClientMsgID: "a3", Message: &history.Posted{Text: "what was not"}})
			s.ack(1, re, 4)
			return both(s)
		}},
		{"ack", "an acked edit is another event", func(s *script) []history.Entry {
			talk(s)
			s.ack(1, s.ask(1, `"edit":{"room":"den","seq":2,"text":"x"}`), 3)
			return both(s)
		}},
		{"lost", "an acked message is not stored", func(s *script) []history.Entry {
			talk(s)
			s.ack(1, s.ask(1, `"send":{"room":"den","clientMsgId":"a3","text":"text of a3"}`), 4)
			return both(s)
		}},
		{"lost", "who was told that they are in is not", told("cy", "MEMBER")},
		{"lost", "who joined is told that they are not in, and are", told("bo", "ROLE_UNSPECIFIED")},
		{"lost", "who joined never was in", told("cy", "ROLE_UNSPECIFIED")},
		{"twice", "a message is stored twice", func(s *script) []history.Entry {
			talk(s)
			s.log(history.Event{User: "ana", ClientMsgID: "a2", Message: &history.Posted{Text: "text of a2"}})
			return both(s)
		}},
		{"unstored", "an event is shown that the log does not have", func(s *script) []history.Entry {
			talk(s)
			s.show(2, history.Event{Room: "den", Seq: 4, User: "ana", ClientMsgID: "a3", Message: &history.Posted{Text: "never stored"}})
			return both(s)
		}},
		{"unstored", "a page has a message that the log does not have", func(s *script) []history.Entry {
			talk(s)
			re := s.ask(2, `"messages":{"room":"den"}`)
			s.frame(history.Got, 2, `{"re":%d,"page":{"room":"den","messages":[{"seq":9,"user":"ana","text":"x","version":1}]}}`, re)
			return both(s)
		}},
		{"gap", "an event does not reach a connection", func(s *script) []history.Entry {
			talk(s)
			s.say(1, "ana", "a3", 1)
			s.say(1, "ana", "a4", 1, 2)
			return both(s)
		}},
		{"gap", "an event comes twice", func(s *script) []history.Entry {
			talk(s)
			s.show(2, s.room.Events[2])
			return both(s)
		}},
		{"gap", "a resume begins too late", func(s *script) []history.Entry {
			talk(s)
			s.add(history.Entry{Kind: history.Closed, Conn: 2})
			s.say(1, "ana", "a3", 1)
			s.open(3, "bo", new(uint32(4)))
			s.entries[len(s.entries)-2].Frame = []byte(`{"id":1,"hello":{"epoch":"7","resume":[{"room":"den","seq":3}]}}`)
			s.say(1, "ana", "a4", 1, 3)
			return both(s)
		}},
		{"reset", "a resume begins anew", func(s *script) []history.Entry {
			talk(s)
			s.add(history.Entry{Kind: history.Closed, Conn: 2})
			s.open(3, "bo", nil)
			s.entries[len(s.entries)-2].Frame = []byte(`{"id":1,"hello":{"epoch":"7","resume":[{"room":"den","seq":3}]}}`)
			return both(s)
		}},
		{"behind", "the end of a room never comes", func(s *script) []history.Entry {
			talk(s)
			s.say(1, "ana", "a3", 1)
			return both(s)
		}},
		{"behind", "a room of the user's is not live", func(s *script) []history.Entry {
			talk(s)
			s.frame(history.Got, 2, `{"gone":{"room":"den","reason":"unavailable"}}`)
			return both(s)
		}},
		{"leak", "one who was removed sees what followed", func(s *script) []history.Entry {
			talk(s)
			kicked := s.log(history.Event{User: "ana", Removed: &history.Removed{User: "bo"}})
			s.room.Members, s.room.MemberCount = s.room.Members[:1], 1
			s.show(1, kicked)
			s.show(2, kicked)
			s.say(1, "ana", "a3", 1, 2)
			return s.end(1, "ana")
		}},
		{"mark", "a read marker falls", func(s *script) []history.Entry {
			talk(s)
			s.frame(history.Got, 1, `{"readMark":{"room":"den","user":"bo","seq":3}}`)
			s.frame(history.Got, 1, `{"readMark":{"room":"den","user":"bo","seq":2}}`)
			s.room.Members = []history.Member{{User: "ana", Role: "OWNER"}, {User: "bo", Role: "MEMBER", ReadSeq: 3}}
			return both(s)
		}},
		{"mark", "a read marker that was seen is not stored", func(s *script) []history.Entry {
			talk(s)
			s.frame(history.Got, 1, `{"readMark":{"room":"den","user":"bo","seq":3}}`)
			return both(s)
		}},
		{"fold", "a page lacks an edit", func(s *script) []history.Entry {
			talk(s)
			e := s.log(history.Event{User: "ana", Edited: &history.Edited{Seq: 2, Text: "new"}})
			s.show(1, e)
			s.show(2, e)
			return both(s)
		}},
		{"fold", "the log has another text than its last edit", func(s *script) []history.Entry {
			talk(s)
			e := s.log(history.Event{User: "ana", Edited: &history.Edited{Seq: 2, Text: "new"}})
			s.show(1, e)
			s.show(2, e)
			s.room.Messages[0].Text, s.room.Messages[0].Version = "new", 2
			s.room.Events[1].Message = &history.Posted{Text: "neither"}
			return both(s)
		}},
		{"fold", "a reaction is not counted", func(s *script) []history.Entry {
			talk(s)
			e := s.log(history.Event{User: "ana", Reacted: &history.Reacted{Seq: 2, Emoji: "x"}})
			s.show(1, e)
			s.show(2, e)
			return both(s)
		}},
		{"fold", "the pages lack a message", func(s *script) []history.Entry {
			talk(s)
			s.room.Messages = s.room.Messages[:1]
			return both(s)
		}},
		{"fold", "a member is not listed", func(s *script) []history.Entry {
			talk(s)
			s.room.Members, s.room.MemberCount = s.room.Members[:1], 1
			return both(s)
		}},
		{"fold", "a page shows what a message never was", func(s *script) []history.Entry {
			talk(s)
			re := s.ask(2, `"messages":{"room":"den"}`)
			s.frame(history.Got, 2, `{"re":%d,"page":{"room":"den","messages":[{"seq":2,"user":"ana","clientMsgId":"a1","text":"x","version":1}]}}`, re)
			return both(s)
		}},
		{"fifo", "two sends of a connection change places", func(s *script) []history.Entry {
			talk(s)
			first := s.ask(1, `"send":{"room":"den","clientMsgId":"a3","text":"text of a3"}`)
			second := s.ask(1, `"send":{"room":"den","clientMsgId":"a4","text":"text of a4"}`)
			for _, id := range []string{"a4", "a3"} {
				e := s.log(history.Event{User: "ana", ClientMsgID: id, Message: &history.Posted{Text: "text of " + id}})
				s.show(1, e)
				s.show(2, e)
			}
			s.ack(1, second, 4)
			s.ack(1, first, 5)
			return both(s)
		}},
		{"realtime", "what is sent after an ack comes before it", func(s *script) []history.Entry {
			talk(s)
			s.room.Events[1], s.room.Events[2] = s.room.Events[2], s.room.Events[1]
			s.ack(2, s.ask(2, `"send":{"room":"den","clientMsgId":"b1","text":"text of b1"}`), 2)
			return both(s)
		}},
		{"realtime", "a view is older than an ack before it", func(s *script) []history.Entry {
			talk(s)
			s.add(history.Entry{Kind: history.Opened, Conn: 3, User: "bo"})
			s.frame(history.Sent, 3, `{"id":1,"hello":{}}`)
			s.frame(history.Got, 3, `{"re":1,"welcome":{"epoch":"7","rooms":[{"room":"den","role":"MEMBER","head":2,"resume":"FRESH"}]}}`)
			s.show(3, s.room.Events[2])
			return both(s)
		}},
		{"linear", "two users make the same room", func(s *script) []history.Entry {
			talk(s)
			for conn := 1; conn <= 2; conn++ {
				re := s.ask(conn, `"createRoom":{"room":"crown-1","name":"of %d","kind":"PUBLIC"}`, conn)
				s.frame(history.Got, conn, `{"re":%d,"ok":{}}`, re)
			}
			return both(s)
		}},
		{"linear", "the last owner goes", func(s *script) []history.Entry {
			talk(s)
			for _, request := range []string{`"createRoom":{"room":"crown-1","name":"n","kind":"PUBLIC","members":["bo"]}`, `"leave":{"room":"crown-1"}`} {
				s.frame(history.Got, 1, `{"re":%d,"ok":{}}`, s.ask(1, "%s", request))
			}
			return both(s)
		}},
		{"presence", "one who is here is not shown", func(s *script) []history.Entry {
			talk(s)
			return s.end(1, "ana")
		}},
		{"presence", "one who has gone is shown", func(s *script) []history.Entry {
			talk(s)
			s.add(history.Entry{Kind: history.Closed, Conn: 2})
			return both(s)
		}},
		{"contract", "a frame is not as the protocol says", func(s *script) []history.Entry {
			talk(s)
			s.add(history.Entry{Kind: history.Broke, Conn: 1, Text: "a second reply"})
			return both(s)
		}},
		{"contract", "the run does not come to its end", func(s *script) []history.Entry {
			talk(s)
			return s.final()
		}},
	}
	planted := map[string]bool{}
	for _, fault := range faults {
		planted[fault.rule] = true
		t.Run(fault.rule+"/"+strings.ReplaceAll(fault.name, " ", "-"), func(t *testing.T) {
			found := check(t, fault.plant(newScript(t)))
			if !slices.ContainsFunc(found, func(v checker.Violation) bool { return v.Rule == fault.rule }) {
				t.Errorf("not found; what is found: %v", found)
			}
		})
	}
	for _, rule := range checker.Rules() {
		if !planted[rule.Name] {
			t.Errorf("no fault is planted against %q", rule.Name)
		}
	}
}

// TestNoHistory: what cannot be read is an error, not a clean run.
func TestNoHistory(t *testing.T) {
	for _, entries := range [][]history.Entry{
		{{Kind: history.Got, Conn: 1, Frame: []byte(`{}`)}},
		{{Kind: history.Opened, Conn: 1}, {Kind: history.Got, Conn: 1, Frame: []byte(`{"event":7}`)}},
	} {
		if _, err := checker.Check(entries); err == nil {
			t.Errorf("%v is taken for a history", entries)
		}
	}
}
