package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
)

// chatty is a room whose first messages are edited, reacted to and answered
// after others came, so that a trim in the middle cuts all of that.
func chatty(l *log, id string) {
	l.do(id, "ana", public("Room"))
	l.do(id, "bo", &chatv1.Join{})
	l.do(id, "ana", &chatv1.Send{ClientMsgId: "m3", Text: "an old root"})
	three, five := uint32(3), uint32(5)
	l.do(id, "bo", &chatv1.Send{ClientMsgId: "m4", Text: "an old answer", Thread: &three, ReplyTo: &three})
	l.do(id, "bo", &chatv1.Send{ClientMsgId: "m5", Text: "for <@ana>"})
	l.do(id, "bo", &chatv1.Edit{Seq: 4, Text: "an old edit"}) // 6
	l.do(id, "ana", &chatv1.React{Seq: 3, Emoji: "🦕"})        // 7
	l.do(id, "cy", &chatv1.Join{})                            // 8
	l.do(id, "bo", &chatv1.Send{ClientMsgId: "m9", Text: "a new answer", Thread: &three, ReplyTo: &three})
	l.do(id, "ana", &chatv1.Edit{Seq: 3, Text: "an old root, edited late"}) // 10
	l.do(id, "ana", &chatv1.React{Seq: 3, Emoji: "🦖"})                      // 11
	l.do(id, "ana", &chatv1.React{Seq: 9, Emoji: "🎉"})                      // 12
	l.do(id, "ana", &chatv1.Send{ClientMsgId: "m13", Text: "new too", Thread: &five})
}

// trimmedMessages: nothing tells of what was trimmed, by no question, and what
// is left works as before.
func trimmedMessages(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	chatty(l, "lobby")
	chatty(l, "other")
	l.operate("lobby", &chatv1.Trim{Before: 6}) // 14
	s := open(t)
	text := told(t, s, "lobby")
	for _, gone := range []string{"old", "for <@ana>", "🦕", "🦖", "m3", "m4", "m5"} {
		if strings.Contains(text, gone) {
			t.Errorf("%q is left in\n%s", gone, text)
		}
	}
	l.check(s, "lobby", "after the trim")
	seqs := ""
	for _, e := range mustEvents(t, s) {
		seqs += fmt.Sprint(e.GetSeq(), " ")
	}
	if want := "1 2 6 7 8 9 10 11 12 13 14 "; seqs != want {
		t.Errorf("the events %s, want %s", seqs, want)
	}
	for _, q := range []store.Query{{Kind: store.Newest}, {Kind: store.Around, Seq: 3}, {Kind: store.After, Seq: 1}, {Kind: store.Before, Seq: 99}} {
		q.Room, q.Limit = "lobby", 50
		if page, err := s.Messages(t.Context(), q); err != nil || len(page.Messages) != 2 || page.HasBefore || page.HasAfter || page.Messages[0].GetReplyTo() != 3 {
			t.Errorf("%+v: %v, %v", q, page, err)
		}
	}
	if page, err := s.Messages(t.Context(), store.Query{Room: "lobby", Thread: 3, Limit: 50}); err != nil || len(page.Messages) != 1 || page.Messages[0].GetSeq() != 9 {
		t.Errorf("the thread of a root that is gone: %v, %v", page, err)
	}
	if _, err := s.Message(t.Context(), "lobby", "", 3); err != store.ErrNotFound {
		t.Errorf("a trimmed message: %v", err)
	}
	if n, m, err := s.Unread(t.Context(), "lobby", "cy", 2, 99); err != nil || n != 2 || m != 0 {
		t.Errorf("%d unread, %d mentions, %v", n, m, err)
	}
	if got, err := s.Sent(t.Context(), "lobby", []room.SentKey{{User: "ana", ClientMsgID: "m3"}}); err != nil || len(got) > 0 {
		t.Errorf("the id of a trimmed message: %v, %v", got, err)
	}
	for word, want := range map[string]int{"old": 2, "new": 4} { // in the other room, in both
		if got := len(find(t, s, word)); got != want {
			t.Errorf("%q is found %d times, want %d", word, got, want)
		}
	}
	for _, hit := range find(t, s, "old") {
		if hit.Room == "lobby" {
			t.Errorf("a search finds %v", hit)
		}
	}
	// What is about a trimmed message is deleted with the next trim.
	l.on(s).operate("lobby", &chatv1.Trim{Before: 14})
	s = open(t)
	seqs = ""
	for _, e := range mustEvents(t, s) {
		seqs += fmt.Sprint(e.GetSeq(), " ")
	}
	if want := "1 2 8 14 15 "; seqs != want {
		t.Errorf("the events after another trim %s, want %s", seqs, want)
	}
	state, err := s.Room(t.Context(), "lobby")
	if err != nil || state.Last != nil || state.Since != 14 || state.Head != 15 {
		t.Errorf("the empty room: %+v, %v", state, err)
	}
	l.on(s).do("lobby", "ana", &chatv1.Send{ClientMsgId: "m16", Text: "and on"})
	l.check(s, "lobby", "after another message")
	if !strings.Contains(told(t, s, "other"), "an old root, edited late") {
		t.Error("the other room lost something")
	}
}

// on has the log go on in a store that was opened again.
func (l *log) on(s store.Store) *log {
	l.store = s
	return l
}

func find(t *testing.T, s store.Store, words string) []store.Hit {
	t.Helper()
	text, err := search.Parse(words)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Search(t.Context(), store.SearchQuery{Text: text, Admin: true, Limit: 50, Patience: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return got.Hits
}

// trimInABatch: a trim that is applied together with what it takes away comes
// out as it does after it, and so does what is about something trimmed.
func trimInABatch(t *testing.T, open Opener) {
	one := newLog(t, open(t))
	chatty(one, "lobby")
	events := mustEvents(t, one.store)
	for _, before := range []uint32{4, 6} {
		events = append(events, one.operate("lobby", &chatv1.Trim{Before: before}))
	}
	events = append(events, one.do("lobby", "bo", &chatv1.Delete{Seq: 9}))
	want := told(t, one.store, "lobby")
	for i, e := range events {
		events[i] = proto.CloneOf(e)
		events[i].Room = "copy"
	}
	one.apply(events...)
	if got := strings.ReplaceAll(told(t, one.store, "copy"), `"copy"`, `"lobby"`); normal(got) != normal(want) {
		t.Errorf("in one batch:\n%s\none by one:\n%s", got, want)
	}
	for _, hit := range find(t, one.store, "old") {
		t.Errorf("a search finds %v", hit)
	}
}

// importedTrim: the events that are left of a room make the same room, with the
// holes that it has, one by one and in one batch.
func importedTrim(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	chatty(l, "lobby")
	l.operate("lobby", &chatv1.Trim{Before: 6})
	want := told(t, l.store, "lobby")
	last := uint32(0)
	var batch []*chatv1.Event
	for _, e := range mustEvents(t, l.store) {
		e.Room, e.Skipped, last = "copy", e.GetSeq()-last-1, e.GetSeq()
		l.apply(e)
		e = proto.CloneOf(e)
		e.Room = "twin"
		batch = append(batch, e)
	}
	l.apply(batch...)
	for _, id := range []string{"copy", "twin"} {
		if got := strings.ReplaceAll(told(t, l.store, id), `"`+id+`"`, `"lobby"`); normal(got) != normal(want) {
			t.Errorf("imported as %s:\n%s\nexported:\n%s", id, got, want)
		}
	}
}

func due(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("before", "ana", public("Before"))
	l.do("before", "ana", &chatv1.Send{ClientMsgId: "x", Text: "other room"})
	l.do("lobby", "ana", public("Lobby")) // messages are 2 to 11, sent at 1001 to 1010
	for n := range 10 {
		l.do("lobby", "ana", &chatv1.Send{ClientMsgId: fmt.Sprint(n), Text: "text"})
	}
	l.do("later", "ana", public("Later"))
	l.do("later", "ana", &chatv1.Send{ClientMsgId: "x", Text: "other room"})
	ask := func(q store.DueQuery) store.Due {
		t.Helper()
		if q.Room == "" {
			q.Room = "lobby"
		}
		got, err := l.store.Due(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		if q.Room == "lobby" && got.Head != l.rooms["lobby"].Head {
			t.Errorf("the head is %d", got.Head)
		}
		got.Head = 0
		return got
	}
	check := func(q store.DueQuery, want store.Due) {
		t.Helper()
		if got := ask(q); got != want {
			t.Errorf("%+v: %+v, want %+v", q, got, want)
		}
	}
	check(store.DueQuery{Limit: 5}, store.Due{OldestMs: 1001})
	check(store.DueQuery{Limit: 5, Count: 10}, store.Due{OldestMs: 1001})
	check(store.DueQuery{Limit: 5, Count: 11}, store.Due{OldestMs: 1001})
	check(store.DueQuery{Limit: 5, Count: 7}, store.Due{Before: 5, Messages: 3, OldestMs: 1004})
	check(store.DueQuery{Limit: 5, Count: 2}, store.Due{Before: 7, Messages: 5, More: true})
	check(store.DueQuery{Limit: 5, Count: 2, Since: 7}, store.Due{Before: 10, Messages: 3, OldestMs: 1009})
	check(store.DueQuery{Limit: 5, BeforeMs: 1003}, store.Due{Before: 4, Messages: 2, OldestMs: 1003})
	check(store.DueQuery{Limit: 50, BeforeMs: 5000}, store.Due{Before: 12, Messages: 10})
	check(store.DueQuery{Limit: 50, BeforeMs: 1003, Count: 5}, store.Due{Before: 7, Messages: 5, OldestMs: 1006})
	check(store.DueQuery{Limit: 50, BeforeMs: 1008, Count: 5}, store.Due{Before: 9, Messages: 7, OldestMs: 1008})
	check(store.DueQuery{Room: "nowhere", Limit: 5, Count: 1}, store.Due{})
	l.operate("lobby", &chatv1.Trim{Before: 7})
	check(store.DueQuery{Limit: 5, Count: 4}, store.Due{Before: 8, Messages: 1, OldestMs: 1007})
	check(store.DueQuery{Limit: 5, Count: 5}, store.Due{OldestMs: 1006})
}

func retentionKept(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	for _, id := range []string{"a", "b", "c", "d"} {
		l.do(id, "ana", public("Room"))
	}
	l.operate("b", &chatv1.SetRetention{Retention: &chatv1.Retention{}})
	l.operate("c", &chatv1.SetRetention{Retention: &chatv1.Retention{AgeSeconds: 7, Count: 9}})
	l.operate("d", &chatv1.SetRetention{Retention: &chatv1.Retention{Count: 9}})
	l.operate("d", &chatv1.SetRetention{})
	l.do("c", "ana", &chatv1.Send{ClientMsgId: "m", Text: "hi"})
	l.operate("c", &chatv1.Trim{Before: 4, Retention: &chatv1.Retention{AgeSeconds: 7, Count: 9}})
	s := open(t)
	list := func(after string, own bool, limit int) string {
		t.Helper()
		kept, err := s.Kept(t.Context(), after, own, limit)
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		for _, k := range kept {
			text += fmt.Sprintf("%s %d %d %v %d %d;", k.Room, k.Head, k.Since, k.Retention != nil, k.Retention.GetAgeSeconds(), k.Retention.GetCount())
		}
		return text
	}
	for _, c := range []struct {
		after string
		own   bool
		limit int
		want  string
	}{
		{"", false, 2, "a 1 0 false 0 0;b 2 0 true 0 0;"}, {"b", false, 9, "c 4 4 true 7 9;d 3 0 false 0 0;"},
		{"", true, 9, "b 2 0 true 0 0;c 4 4 true 7 9;"}, {"b", true, 1, "c 4 4 true 7 9;"},
	} {
		if got := list(c.after, c.own, c.limit); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	info, _, err := s.Info(t.Context(), "c", "ana")
	if err != nil || !proto.Equal(info, l.rooms["c"].Room()) || info.GetSince() != 4 || info.GetRetention().GetCount() != 9 {
		t.Errorf("the room: %v, %v", info, err)
	}
	for _, id := range []string{"a", "b", "c", "d"} {
		l.check(s, id, "retention")
	}
	rooms, err := s.Rooms(t.Context(), store.RoomQuery{User: "ana", Limit: 9})
	if err != nil || len(rooms) != 4 || rooms[0].Since != nil || rooms[2].GetSince() != 4 {
		t.Errorf("the list: %v, %v", rooms, err)
	}
}
