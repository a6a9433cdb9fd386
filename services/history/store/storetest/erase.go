package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// operate decides an admin's change and applies it.
func (l *log) operate(id string, change any) *chatv1.Event {
	l.t.Helper()
	state := l.rooms[id]
	by := &chatv1.Actor{User: "natter", Name: "natter", Admin: true}
	d := room.Decide(state, room.Command{ID: "c", By: by, Change: change}, room.Facts{}, room.DefaultLimits(), int64(1000+state.Head))
	if d.Event == nil {
		l.t.Fatalf("%T in %s: %v", change, id, d.Refusal)
	}
	if err := state.Evolve(d.Event); err != nil {
		l.t.Fatal(err)
	}
	l.apply(d.Event)
	return d.Event
}

// told is all that a store tells of a room, as text.
func told(t *testing.T, s store.Store, id string) string {
	t.Helper()
	var b strings.Builder
	state, err := s.Room(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintln(&b, state.Room(), state.Last, state.Banned, state.Muted, state.SlowSent)
	for _, user := range slices.Sorted(maps.Keys(state.Members)) {
		fmt.Fprintln(&b, user, *state.Members[user])
	}
	events, err := s.Events(t.Context(), id, 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		fmt.Fprintln(&b, e)
	}
	page, err := s.Messages(t.Context(), store.Query{Room: id, Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range page.Messages {
		fmt.Fprintln(&b, m)
	}
	return b.String()
}

// busy is a room with everything in it that can be said of zoe, whose name and
// words have "zoe" in them.
func busy(l *log, id string) {
	l.do(id, "zoe", public("Room"))
	l.do(id, "ana", &chatv1.Join{})
	l.do(id, "zoe", &chatv1.SetRole{User: "ana", Role: chatv1.Role_OWNER})
	l.do(id, "ana", &chatv1.Send{ClientMsgId: "a1", Text: "of ana"}) // 4
	four := uint32(4)
	l.do(id, "zoe", &chatv1.Send{ClientMsgId: "z1", Text: "words of zoe", Thread: &four, ReplyTo: &four}) // 5
	l.do(id, "zoe", &chatv1.Edit{Seq: 5, Text: "other words of zoe <@ana>"})
	l.do(id, "ana", &chatv1.React{Seq: 5, Emoji: "👍"})
	l.do(id, "zoe", &chatv1.React{Seq: 4, Emoji: "🎉"})
	l.do(id, "ana", &chatv1.Send{ClientMsgId: "a2", Text: "for <@zoe>"}) // 9
	l.do(id, "ana", &chatv1.Mute{User: "zoe"})
	l.do(id, "ana", &chatv1.Unmute{User: "zoe"})
	l.do(id, "bo", &chatv1.Join{})
	l.do(id, "zoe", &chatv1.Invite{User: "cy"})
	slow := uint32(1)
	l.do(id, "ana", &chatv1.UpdateRoom{SlowModeSeconds: &slow})
	l.do(id, "zoe", &chatv1.Send{ClientMsgId: "z2", Text: "the last words of zoe"})
}

func traces(t *testing.T, s store.Store, user, id string, head uint32) []uint32 {
	t.Helper()
	seqs, err := s.Traces(t.Context(), user, id, 0, head)
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

// erasedUser: nothing tells of the user any more, live and stored alike, and a
// fold of the same log from the start erases again.
func erasedUser(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	busy(l, "lobby")
	busy(l, "other")
	seqs := traces(t, l.store, "zoe", "lobby", l.rooms["lobby"].Head)
	if want := "[1 3 5 6 8 10 11 13 15]"; fmt.Sprint(seqs) != want {
		t.Errorf("traces %v, want %s", seqs, want)
	}
	if part, err := l.store.Traces(t.Context(), "zoe", "lobby", 5, 8); err != nil || fmt.Sprint(part) != "[6 8]" {
		t.Errorf("traces in (5, 8]: %v, %v", part, err)
	}
	l.operate("lobby", &chatv1.Erase{User: "zoe", Seqs: seqs})
	s := open(t)
	// A message of ana's names her still: it is ana's.
	if rest := strings.ReplaceAll(strings.ReplaceAll(told(t, s, "lobby"), "for <@zoe>", ""), `mentions:"zoe"`, ""); strings.Contains(rest, "zoe") {
		t.Errorf("this is left of zoe:\n%s", rest)
	}
	if left := traces(t, s, "zoe", "lobby", 99); len(left) > 0 {
		t.Errorf("traces after the erasure: %v", left)
	}
	l.check(s, "lobby", "after the erasure")
	if got, err := s.Sent(t.Context(), "lobby", []room.SentKey{{User: "zoe", ClientMsgID: "z1"}}); err != nil || len(got) > 0 {
		t.Errorf("an id of an erased message: %v, %v", got, err)
	}
	page, err := s.Messages(t.Context(), store.Query{Room: "lobby", Limit: 9})
	if err != nil || len(page.Messages) != 4 || page.Messages[0].GetReplyCount() != 0 || len(page.Messages[0].GetReactions()) != 0 ||
		!page.Messages[1].GetDeleted() || page.Messages[2].GetText() != "for <@zoe>" {
		t.Errorf("the page: %v, %v", page.Messages, err)
	}
	if n, _, err := s.Unread(t.Context(), "lobby", "bo", 0, 99); err != nil || n != 2 {
		t.Errorf("%d unread, %v; want ana's 2", n, err)
	}
	if !strings.Contains(told(t, s, "other"), "words of zoe") {
		t.Error("the other room lost something")
	}
	if err := s.Tidy(t.Context()); err != nil {
		t.Error(err)
	}
}

// erasedMessage: a message is gone with its edits and reactions, and the rest
// stays.
func erasedMessage(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	busy(l, "lobby")
	l.operate("lobby", &chatv1.Erase{Seqs: []uint32{5, 6, 7}})
	s := open(t)
	text := told(t, s, "lobby")
	for _, gone := range []string{"words of zoe\"", "other words", "👍", "z1"} {
		if strings.Contains(strings.ReplaceAll(text, "the last words of zoe", ""), gone) {
			t.Errorf("%q is left in\n%s", gone, text)
		}
	}
	for _, kept := range []string{"the last words of zoe", "of ana", "🎉"} {
		if !strings.Contains(text, kept) {
			t.Errorf("%q is lost in\n%s", kept, text)
		}
	}
	l.check(s, "lobby", "after the deletion")
	m, err := s.Message(t.Context(), "lobby", "", 5)
	if err != nil || !m.GetDeleted() || m.GetUser() != "zoe" || m.ClientMsgId != nil {
		t.Errorf("the message: %v, %v", m, err)
	}
}

// erasureInABatch: an erasure that is applied together with what it erases
// comes out as it does after it.
func erasureInABatch(t *testing.T, open Opener) {
	one := &log{t: t, store: open(t), rooms: map[string]*room.State{}}
	busy(one, "lobby")
	events := mustEvents(t, one.store)
	state := one.rooms["lobby"]
	by := &chatv1.Actor{User: "natter", Admin: true}
	d := room.Decide(state, room.Command{By: by, Change: &chatv1.Erase{User: "zoe", Seqs: traces(t, one.store, "zoe", "lobby", 99)}}, room.Facts{}, room.DefaultLimits(), 5000)
	again := &chatv1.Event{Room: "lobby", Seq: d.Event.GetSeq() + 1, TimeMs: 5000, User: "zoe", Name: "zoe", Change: &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}}
	one.apply(d.Event, again)
	want := told(t, one.store, "lobby")

	events = append(events, d.Event, again)
	for i, e := range events {
		events[i] = proto.CloneOf(e)
		events[i].Room = "copy"
	}
	two := &log{t: t, store: one.store, at: one.at, rooms: map[string]*room.State{}}
	two.apply(events...)
	got := strings.ReplaceAll(told(t, two.store, "copy"), `"copy"`, `"lobby"`)
	if normal(got) != normal(want) {
		t.Errorf("in one batch:\n%s\none by one:\n%s", got, want)
	}
}

// normal is text without the spaces that the text form of messages puts in at random.
func normal(text string) string { return strings.ReplaceAll(text, " ", "") }

// deletedEdits: what edits said is not replayed when their message is deleted.
func deletedEdits(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	l.do("lobby", "ana", &chatv1.Send{ClientMsgId: "m", Text: "first"})
	l.do("lobby", "ana", &chatv1.Send{ClientMsgId: "k", Text: "kept"})
	l.do("lobby", "ana", &chatv1.Edit{Seq: 2, Text: "second"})
	l.do("lobby", "ana", &chatv1.Edit{Seq: 3, Text: "kept, too"})
	l.do("lobby", "ana", &chatv1.Delete{Seq: 2})
	events := mustEvents(t, l.store)
	if events[3].GetEdited().GetText() != "" || events[4].GetEdited().GetText() != "kept, too" {
		t.Errorf("replayed: %v and %v", events[3], events[4])
	}
}

// allHeads: every room is named once, by id, closed ones too.
func allHeads(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	for _, id := range []string{"c", "a", "b"} {
		l.do(id, "ana", public("Room"))
	}
	l.do("b", "ana", &chatv1.DeleteRoom{})
	first, err := l.store.Heads(t.Context(), "", 2)
	if err != nil || fmt.Sprint(first) != "[{a 1} {b 2}]" {
		t.Errorf("%v, %v", first, err)
	}
	if rest, err := l.store.Heads(t.Context(), "b", 2); err != nil || fmt.Sprint(rest) != "[{c 1}]" {
		t.Errorf("%v, %v", rest, err)
	}
}
