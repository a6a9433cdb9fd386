package checker_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// script writes a history line by line: two users, ana and bo, in a private
// room, den, that ana owns.
type script struct {
	t       *testing.T
	entries []history.Entry
	room    history.Room
	ids     map[int]int
}

func newScript(t *testing.T) *script {
	s := &script{t: t, ids: map[int]int{}}
	s.room = history.Room{Room: "den", Kind: "PRIVATE", MemberCount: 2, Members: []history.Member{{User: "ana", Role: "OWNER", ReadSeq: 1}, {User: "bo", Role: "MEMBER", ReadSeq: 1}}}
	s.log(history.Event{User: "ana", Created: &history.Created{Name: "den", Kind: "PRIVATE", Members: s.room.Members}})
	s.add(history.Entry{Kind: history.Began, Name: "script"})
	return s
}

func (s *script) add(e history.Entry) {
	e.At = int64(len(s.entries)) * 1000
	s.entries = append(s.entries, e)
}

func (s *script) frame(kind history.Kind, conn int, text string, args ...any) {
	frame := fmt.Sprintf(text, args...)
	if !json.Valid([]byte(frame)) {
		s.t.Fatalf("the script has a frame that is no JSON: %s", frame)
	}
	s.add(history.Entry{Kind: kind, Conn: conn, Frame: json.RawMessage(frame)})
}

// log adds the room's next event, and what the pages have of it.
func (s *script) log(e history.Event) history.Event {
	e.Room, e.Seq = "den", uint32(len(s.room.Events)+1)
	e.Time = time.Unix(int64(1000+e.Seq), 0).UTC()
	s.room.Events, s.room.Head = append(s.room.Events, e), e.Seq
	if e.Message != nil {
		s.room.Messages = append(s.room.Messages, history.Message{Seq: e.Seq, User: e.User, Text: e.Message.Text, ClientMsgID: e.ClientMsgID, Version: 1})
	}
	return e
}

// show is an event that reaches a connection.
func (s *script) show(conn int, e history.Event) {
	e.Created = nil
	b, err := json.Marshal(e)
	if err != nil {
		s.t.Fatal(err)
	}
	s.frame(history.Got, conn, `{"event":%s}`, b)
}

// open comes in, where it was before or anew, with what follows in the log.
func (s *script) open(conn int, user string, from *uint32) {
	s.add(history.Entry{Kind: history.Opened, Conn: conn, User: user, Device: user})
	head, how, resume := s.room.Head, "FRESH", ""
	if from != nil {
		how, resume = "COMPLETE", fmt.Sprintf(`,"epoch":"7","resume":[{"room":"den","seq":%d}]`, *from)
	}
	s.frame(history.Sent, conn, `{"id":1,"hello":{"agent":"a"%s}}`, resume)
	s.ids[conn] = 1
	s.frame(history.Got, conn, `{"re":1,"welcome":{"epoch":"7","rooms":[{"room":"den","kind":"PRIVATE","role":"MEMBER","head":%d,"readSeq":1,"resume":%q}]}}`, head, how)
	if from != nil {
		for _, e := range s.room.Events[*from:] {
			s.show(conn, e)
		}
	}
}

// ask is a request, ask's number for its answer.
func (s *script) ask(conn int, text string, args ...any) int {
	s.ids[conn]++
	s.frame(history.Sent, conn, `{"id":%d,%s}`, s.ids[conn], fmt.Sprintf(text, args...))
	return s.ids[conn]
}

func (s *script) ack(conn, re int, seq uint32) {
	s.frame(history.Got, conn, `{"re":%d,"ack":{"room":"den","seq":%d,"duplicate":false}}`, re, seq)
}

// say is a message that is sent, stored, shown to who is named, and acked.
func (s *script) say(conn int, user, id string, to ...int) history.Event {
	re := s.ask(conn, `"send":{"room":"den","clientMsgId":%q,"text":"text of %s"}`, id, id)
	e := s.log(history.Event{User: user, ClientMsgID: id, Message: &history.Posted{Text: "text of " + id}})
	for _, conn := range to {
		s.show(conn, e)
	}
	s.ack(conn, re, e.Seq)
	return e
}

// end is the quiet, who is here, and what is stored.
func (s *script) end(conn int, online ...string) []history.Entry {
	s.add(history.Entry{Kind: history.Quiet})
	re := s.ask(conn, `"presence":{"room":"den"}`)
	changes := []history.State{}
	for _, user := range online {
		changes = append(changes, history.State{User: user, State: "ONLINE"})
	}
	b, err := json.Marshal(history.Presence{Room: "den", Changes: changes, Online: uint32(len(online))})
	if err != nil {
		s.t.Fatal(err)
	}
	s.frame(history.Got, conn, `{"re":%d,"presenceChange":%s}`, re, b)
	return s.final()
}

func (s *script) final() []history.Entry {
	b, err := json.Marshal(s.room)
	if err != nil {
		s.t.Fatal(err)
	}
	s.add(history.Entry{Kind: history.Final, Name: "den", Frame: b})
	return s.entries
}
