// Package storetest is what every store.Store has to do: one suite for all
// forms.
package storetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// Opener opens an empty store, or the one opened before it again.
type Opener func(t *testing.T) store.Store

// Run runs the suite; each test gets an opener of its own.
func Run(t *testing.T, fresh func(t *testing.T) Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"DeploymentIsFixedAtTheFirstStart": deployment,
		"ApplyIsExactlyOnce":               exactlyOnce,
		"ApplyIsAllOrNothing":              allOrNothing,
		"FoldIsTheStateOfTheRules":         fold,
		"MessagesAreFolded":                folded,
		"SanctionsAreKept":                 sanctions,
		"NamesAreTheLatest":                renamed,
		"PagesAtAnyDepth":                  pages,
		"SentIDsAreFound":                  sent,
		"EventsComeBack":                   events,
		"UnreadIsCounted":                  unread,
		"ListsShowOnlyWhatMayBeSeen":       lists,
		"BatchesAreFoldedAsOneByOne":       batches,
		"WhoComesBackMayBeRenamed":         cameBack,
		"OneOfManyWhoApplyWins":            oneWins,
		"PartitionsAreApart":               partitionsApart,
		"OddTextIsKept":                    oddText,
		"LastSeenOnlyRises":                lastSeen,
		"AnErasedUserIsNowhere":            erasedUser,
		"AnErasedMessageIsGone":            erasedMessage,
		"ErasureInABatch":                  erasureInABatch,
		"EditsOfDeletedMessagesAreUnsaid":  deletedEdits,
		"HeadsAreAllRooms":                 allHeads,
		"TrimmedMessagesAreNowhere":        trimmedMessages,
		"ATrimInABatch":                    trimInABatch,
		"WhatIsLeftOfATrimmedRoomIsTaken":  importedTrim,
		"WhatIsDueIsTold":                  due,
		"RetentionIsKept":                  retentionKept,
		"TheAuditIsKept":                   audit,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

// log makes records for a room, one event each.
type log struct {
	t     *testing.T
	store store.Store
	at    store.Position
	rooms map[string]*room.State
	// partition whose log this is.
	partition int
}

func newLog(t *testing.T, s store.Store) *log {
	return &log{t: t, store: s, rooms: map[string]*room.State{}}
}

// do decides a change and applies it.
func (l *log) do(id, user string, change any) *chatv1.Event {
	l.t.Helper()
	state := l.rooms[id]
	if state == nil {
		state = room.New(id)
		l.rooms[id] = state
	}
	d := room.Decide(state, room.Command{ID: "c", By: &chatv1.Actor{User: user, Name: "Name of " + user}, Change: change}, room.Facts{}, room.DefaultLimits(), int64(1000+state.Head))
	if d.Event == nil {
		l.t.Fatalf("%T by %s in %s: %v", change, user, id, d.Refusal)
	}
	if err := state.Evolve(d.Event); err != nil {
		l.t.Fatal(err)
	}
	l.apply(d.Event)
	return d.Event
}

// apply stores events as one record.
func (l *log) apply(events ...*chatv1.Event) {
	l.t.Helper()
	to := store.Position{Stream: 7, Sequence: l.at.Sequence + 1, Record: fmt.Appendf(nil, "record-%d", l.at.Sequence+1)}
	if err := l.store.Apply(l.t.Context(), l.partition, l.at, to, []*chatv1.LogRecord{{Id: to.Record, Sequence: to.Sequence, Events: events}}); err != nil {
		l.t.Fatal(err)
	}
	l.at = to
}

func public(name string) *chatv1.CreateRoom {
	return &chatv1.CreateRoom{Name: name, Kind: chatv1.RoomKind_PUBLIC}
}

func deployment(t *testing.T, open Opener) {
	s := open(t)
	first := store.Deployment{Partitions: 4, Epoch: 1000}
	for _, want := range []store.Deployment{first, {Partitions: 8, Epoch: 2000}} {
		if got, err := s.Deployment(t.Context(), want); err != nil || got != first {
			t.Errorf("asked for %v: %v, %v; want %v", want, got, err, first)
		}
	}
	for _, epoch := range []uint64{3000, 500} {
		if err := s.SetEpoch(t.Context(), epoch); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := s.Deployment(t.Context(), first); got.Epoch != 3000 {
		t.Errorf("epoch %d, want 3000: it only rises", got.Epoch)
	}
}

func exactlyOnce(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	before := l.at
	l.do("lobby", "bo", &chatv1.Join{})
	for _, from := range []store.Position{{}, before, {Stream: 8, Sequence: l.at.Sequence, Record: l.at.Record}} {
		err := l.store.Apply(t.Context(), 0, from, store.Position{Stream: 7, Sequence: 99}, nil)
		if !errors.Is(err, store.ErrPosition) {
			t.Errorf("applied from %v at %v: %v", from, l.at, err)
		}
	}
	again := open(t)
	if got, err := again.Position(t.Context(), 0); err != nil || !got.Equal(l.at) {
		t.Errorf("position %v, %v; want %v", got, err, l.at)
	}
	if got, err := again.Position(t.Context(), 1); err != nil || !got.Equal(store.Position{}) {
		t.Errorf("position of an untouched partition: %v, %v", got, err)
	}
}

func allOrNothing(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	good := &chatv1.Event{Room: "lobby", Seq: 2, User: "bo", Change: &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}}
	hole := &chatv1.Event{Room: "lobby", Seq: 4, User: "cy", Change: &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}}
	to := store.Position{Stream: 7, Sequence: 2, Record: []byte("r")}
	if err := l.store.Apply(t.Context(), 0, l.at, to, []*chatv1.LogRecord{{Events: []*chatv1.Event{good, hole}}}); err == nil {
		t.Fatal("a hole was applied")
	}
	if got, _ := l.store.Position(t.Context(), 0); !got.Equal(l.at) {
		t.Errorf("position %v after a failed apply, want %v", got, l.at)
	}
	if state, err := l.store.Room(t.Context(), "lobby"); err != nil || state.Head != 1 || len(state.Members) != 1 {
		t.Errorf("the room after a failed apply: %+v, %v", state, err)
	}
}

func fold(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", &chatv1.CreateRoom{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC, Topic: "all", Members: []string{"dee"}})
	l.do("lobby", "bo", &chatv1.Join{})
	l.do("lobby", "cy", &chatv1.Join{})
	l.do("lobby", "cy", &chatv1.Send{ClientMsgId: "m", Text: "hi <@bo>"})
	l.do("lobby", "cy", &chatv1.Leave{})
	again := open(t)
	got, err := again.Room(t.Context(), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	want := l.rooms["lobby"]
	if !proto.Equal(got.Room(), want.Room()) || !proto.Equal(got.Last, want.Last) {
		t.Errorf("stored %v\nlive   %v", got.Room(), want.Room())
	}
	if len(got.Members) != len(want.Members) {
		t.Errorf("members %v, want %v", got.Members, want.Members)
	}
	for user, m := range want.Members {
		if got.Members[user] == nil || *got.Members[user] != *m {
			t.Errorf("%s is stored as %+v, want %+v", user, got.Members[user], m)
		}
	}
	if _, err := again.Room(t.Context(), "nowhere"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a room that is not there: %v", err)
	}
}

func folded(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	l.do("lobby", "bo", &chatv1.Join{})
	root, two := uint32(3), uint32(4)
	l.do("lobby", "ana", &chatv1.Send{ClientMsgId: "m3", Text: "root"})                             // 3
	l.do("lobby", "bo", &chatv1.Send{ClientMsgId: "m4", Text: "in thread", Thread: &root})          // 4
	l.do("lobby", "bo", &chatv1.Send{ClientMsgId: "m5", Text: "too", Thread: &root, ReplyTo: &two}) // 5
	l.do("lobby", "ana", &chatv1.Edit{Seq: 3, Text: "root, for <@bo>"})                             // 6
	for _, user := range []string{"ana", "bo"} {
		l.do("lobby", user, &chatv1.React{Seq: 3, Emoji: "👍"}) // 7, 8
	}
	l.do("lobby", "bo", &chatv1.React{Seq: 3, Emoji: "🎉"})                // 9
	l.do("lobby", "ana", &chatv1.React{Seq: 3, Emoji: "👍", Remove: true}) // 10
	l.do("lobby", "bo", &chatv1.Delete{Seq: 5})                           // 11
	l.do("lobby", "ana", &chatv1.React{Seq: 4, Emoji: "👏"})               // 12
	page, err := l.store.Messages(t.Context(), store.Query{Room: "lobby", Limit: 9, User: "ana"})
	if err != nil || len(page.Messages) != 3 {
		t.Fatalf("%v, %v", page, err)
	}
	m := page.Messages[0]
	if m.GetText() != "root, for <@bo>" || m.GetVersion() != 2 || m.GetEditedAt() == nil || m.GetReplyCount() != 1 || fmt.Sprint(m.GetMentions()) != "[bo]" {
		t.Errorf("the edited root: %v", m)
	}
	if r := m.GetReactions(); len(r) != 2 || r[0].GetEmoji() != "👍" || r[0].GetCount() != 1 || r[0].GetMine() || r[1].GetCount() != 1 {
		t.Errorf("reactions as ana sees them: %v", r)
	}
	if d := page.Messages[2]; !d.GetDeleted() || d.GetText() != "" || d.GetReplyTo() != 4 {
		t.Errorf("the deleted one: %v", d)
	}
	thread, err := l.store.Messages(t.Context(), store.Query{Room: "lobby", Thread: 3, Limit: 9, User: "ana"})
	if err != nil || len(thread.Messages) != 2 {
		t.Fatalf("the thread: %v, %v", thread, err)
	}
	if r := thread.Messages[0].GetReactions(); len(r) != 1 || r[0].GetEmoji() != "👏" || !r[0].GetMine() || len(page.Messages[1].GetReactions()) != 1 {
		t.Errorf("reactions of the thread: %v; of the page: %v", r, page.Messages[1].GetReactions())
	}
	for user, want := range map[string]string{"ana": "map[4:[👏]]", "bo": "map[3:[🎉 👍]]", "cy": "map[]"} {
		mine, err := l.store.Mine(t.Context(), "lobby", user, []uint32{3, 4, 5, 99})
		slices.Sort(mine[3])
		if err != nil || fmt.Sprint(mine) != want {
			t.Errorf("what %s reacted with: %v, %v; want %s", user, mine, err, want)
		}
	}
	if mine, err := l.store.Mine(t.Context(), "nowhere", "bo", []uint32{3}); err != nil || len(mine) != 0 {
		t.Errorf("reactions in no room: %v, %v", mine, err)
	}
	facts, err := l.store.Facts(t.Context(), "lobby", []uint32{2, 3, 5, 99})
	if err != nil || len(facts) != 2 {
		t.Fatalf("facts: %v, %v", facts, err)
	}
	for _, seq := range []uint32{3, 5} {
		want, _ := l.rooms["lobby"].Message(seq)
		if got := facts[seq]; got.User != want.User || got.Deleted != want.Deleted || want.Deleted == 0 && got.Text != want.Text || got.Changed != want.Changed || fmt.Sprint(got.Reactions) != fmt.Sprint(want.Reactions) {
			t.Errorf("message %d is stored as %+v, want %+v", seq, got, want)
		}
	}
	for _, e := range mustEvents(t, l.store) {
		if e.GetSeq() == 5 && e.GetMessage().GetText() != "" {
			t.Errorf("a replay shows a deleted text: %v", e)
		}
	}
}

func mustEvents(t *testing.T, s store.Store) []*chatv1.Event {
	t.Helper()
	events, err := s.Events(t.Context(), "lobby", 0, 500)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

func sanctions(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	for _, user := range []string{"bo", "cy", "dee"} {
		l.do("lobby", user, &chatv1.Join{})
	}
	until := room.Time(5_000_000)
	l.do("lobby", "ana", &chatv1.Ban{User: "bo", Until: until})
	l.do("lobby", "ana", &chatv1.Mute{User: "cy"})
	l.do("lobby", "ana", &chatv1.Mute{User: "dee"})
	l.do("lobby", "ana", &chatv1.Unmute{User: "dee"})
	slow := uint32(60)
	l.do("lobby", "ana", &chatv1.UpdateRoom{SlowModeSeconds: &slow})
	l.do("lobby", "dee", &chatv1.Send{ClientMsgId: "m", Text: "slowly"})
	got, err := open(t).Room(t.Context(), "lobby")
	if err != nil {
		t.Fatal(err)
	}
	want := l.rooms["lobby"]
	if fmt.Sprint(got.Banned, got.Muted, got.SlowSent) != fmt.Sprint(want.Banned, want.Muted, want.SlowSent) || len(want.SlowSent) != 1 || len(want.Banned) != 1 || len(want.Muted) != 1 {
		t.Errorf("stored %v, %v; live %v, %v", got.Banned, got.Muted, want.Banned, want.Muted)
	}
}

func renamed(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", &chatv1.CreateRoom{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC, Members: []string{"bo"}})
	l.do("lobby", "bo", &chatv1.Send{ClientMsgId: "m", Text: "my name comes with this"})
	got, err := open(t).Room(t.Context(), "lobby")
	if err != nil || got.Members["bo"].Name != "Name of bo" || got.Members["bo"].Name != l.rooms["lobby"].Members["bo"].Name {
		t.Errorf("bo is stored as %+v, %v", got.Members["bo"], err)
	}
}

func pages(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("empty", "ana", public("Empty"))
	for _, q := range []store.Query{{Kind: store.Newest}, {Kind: store.Before}, {Kind: store.Before, Seq: 5}, {Kind: store.After}} {
		q.Room, q.Limit = "empty", 5
		if page, err := l.store.Messages(t.Context(), q); err != nil || len(page.Messages) > 0 || page.HasBefore || page.HasAfter {
			t.Errorf("a page of a room without messages, %+v: %+v, %v", q, page, err)
		}
	}
	l.do("a", "ana", public("A")) // rooms beside it must not leak in
	l.do("a", "ana", &chatv1.Send{ClientMsgId: "x", Text: "other room"})
	l.do("lobby", "ana", public("Lobby")) // seq 1; messages are 2 to 11
	for n := range 10 {
		l.do("lobby", "ana", &chatv1.Send{ClientMsgId: fmt.Sprint(n), Text: fmt.Sprint("text ", n)})
	}
	l.do("z", "ana", public("Z"))
	l.do("z", "ana", &chatv1.Send{ClientMsgId: "x", Text: "other room"})
	for _, c := range []struct {
		kind          store.Side
		seq           uint32
		limit         int
		first, last   uint32
		before, after bool
	}{
		{store.Newest, 0, 3, 9, 11, true, false},
		{store.Newest, 0, 100, 2, 11, false, false},
		{store.Before, 5, 2, 3, 4, true, true},
		{store.Before, 4, 2, 2, 3, false, true},
		{store.Before, 2, 2, 0, 0, false, true},
		{store.Before, 0, 2, 0, 0, false, true},
		{store.Before, ^uint32(0), 2, 10, 11, true, false},
		{store.After, 0, 2, 2, 3, false, true},
		{store.After, 9, 5, 10, 11, true, false},
		{store.After, 11, 5, 0, 0, true, false},
		{store.After, ^uint32(0), 5, 0, 0, true, false},
		{store.Around, 6, 4, 4, 7, true, true},
		{store.Around, 1, 4, 2, 3, false, true},
		{store.Around, 11, 4, 9, 11, true, false},
	} {
		page, err := l.store.Messages(t.Context(), store.Query{Room: "lobby", Kind: c.kind, Seq: c.seq, Limit: c.limit})
		if err != nil {
			t.Fatal(err)
		}
		var first, last uint32
		for i, m := range page.Messages {
			if i == 0 {
				first = m.GetSeq()
			} else if m.GetSeq() != last+1 {
				t.Errorf("%+v: %d follows %d", c, m.GetSeq(), last)
			}
			last = m.GetSeq()
		}
		if first != c.first || last != c.last || page.HasBefore != c.before || page.HasAfter != c.after {
			t.Errorf("%+v: got %d to %d, before %v, after %v", c, first, last, page.HasBefore, page.HasAfter)
		}
		if page.Head != 0 && page.Head != 11 || page.Head == 0 && c.kind == store.Newest {
			t.Errorf("%+v: the head is %d, want 11", c, page.Head)
		}
	}
	if page, err := l.store.Messages(t.Context(), store.Query{Room: "nowhere", Limit: 5}); err != nil || len(page.Messages) != 0 {
		t.Errorf("a page of no room: %v, %v", page, err)
	}
}

func sent(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	l.do("lobby", "bo", &chatv1.Join{})
	e := l.do("lobby", "ana", &chatv1.Send{ClientMsgId: "m1", Text: "hello"})
	keys := []room.SentKey{{User: "ana", ClientMsgID: "m1"}, {User: "bo", ClientMsgID: "m1"}, {User: "ana", ClientMsgID: "m2"}}
	got, err := l.store.Sent(t.Context(), "lobby", keys)
	want := room.Sent{Seq: 3, TimeMs: e.GetTimeMs(), Body: room.BodyOf(e.GetMessage())}
	if err != nil || len(got) != 1 || got[keys[0]] != want {
		t.Errorf("got %v, %v; want only %v", got, err, want)
	}
	if got, err := l.store.Sent(t.Context(), "nowhere", keys); err != nil || len(got) != 0 {
		t.Errorf("in a room that is not there: %v, %v", got, err)
	}
}

func events(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	var want []*chatv1.Event
	want = append(want, l.do("lobby", "ana", public("Lobby")), l.do("lobby", "bo", &chatv1.Join{}))
	to := uint32(3)
	want = append(want, l.do("lobby", "bo", &chatv1.Send{ClientMsgId: "m0", Text: "zero"}))
	want = append(want, l.do("lobby", "bo", &chatv1.Send{ClientMsgId: "m1", Text: "one <@ana>", ReplyTo: &to}))
	want = append(want, l.do("lobby", "bo", &chatv1.Leave{}), l.do("lobby", "bo", &chatv1.Join{}))
	for after := range uint32(7) {
		got, err := l.store.Events(t.Context(), "lobby", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		expect := want[min(int(after), len(want)):min(int(after)+2, len(want))]
		if len(got) != len(expect) {
			t.Fatalf("after %d: %d events, want %d", after, len(got), len(expect))
		}
		for i := range got {
			if !proto.Equal(got[i], expect[i]) {
				t.Errorf("after %d:\ngot  %v\nwant %v", after, got[i], expect[i])
			}
		}
	}
}

func unread(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	l.do("lobby", "bo", &chatv1.Join{}) // 2
	for n := range 3 {
		l.do("lobby", "ana", &chatv1.Send{ClientMsgId: fmt.Sprint(n), Text: "hi"}) // 3, 4, 5
	}
	l.do("lobby", "ana", &chatv1.Send{ClientMsgId: "x", Text: "hi <@bo>"}) // 6
	l.do("lobby", "bo", &chatv1.Send{ClientMsgId: "y", Text: "own"})       // 7
	for _, c := range []struct{ after, to, unread, mentions uint32 }{{2, 7, 4, 1}, {4, 7, 2, 1}, {2, 5, 3, 0}, {7, 7, 0, 0}} {
		n, m, err := l.store.Unread(t.Context(), "lobby", "bo", c.after, c.to)
		if err != nil || n != int(c.unread) || m != int(c.mentions) {
			t.Errorf("(%d, %d]: %d and %d, %v; want %d and %d", c.after, c.to, n, m, err, c.unread, c.mentions)
		}
	}
}

func lists(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("open", "ana", public("Öffentlich"))
	l.do("secret", "ana", &chatv1.CreateRoom{Name: "Secret", Kind: chatv1.RoomKind_PRIVATE, Members: []string{"bo"}})
	l.do("news", "ana", &chatv1.CreateRoom{Name: "News", Kind: chatv1.RoomKind_BROADCAST})
	ids := func(q store.RoomQuery) string {
		rooms, err := l.store.Rooms(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		var list []string
		for _, r := range rooms {
			list = append(list, r.GetRoom())
		}
		return fmt.Sprint(list)
	}
	for _, c := range []struct {
		q    store.RoomQuery
		want string
	}{
		{store.RoomQuery{User: "eve", Limit: 9}, "[news open]"},
		{store.RoomQuery{User: "bo", Limit: 9}, "[news open secret]"},
		{store.RoomQuery{Admin: true, Limit: 9}, "[news open secret]"},
		{store.RoomQuery{User: "bo", Mine: true, Limit: 9}, "[secret]"},
		{store.RoomQuery{User: "ana", Mine: true, After: "news", Limit: 9}, "[open secret]"},
		{store.RoomQuery{User: "eve", Mine: true, Limit: 9}, "[]"},
		{store.RoomQuery{User: "bo", Limit: 2}, "[news open]"},
		{store.RoomQuery{User: "bo", After: "open", Limit: 2}, "[secret]"},
		{store.RoomQuery{User: "eve", Text: "öFFENT", Limit: 9}, "[open]"},
		{store.RoomQuery{User: "eve", Text: "sec", Limit: 9}, "[]"},
		{store.RoomQuery{User: "eve", Text: "%", Limit: 9}, "[]"},
	} {
		if got := ids(c.q); got != c.want {
			t.Errorf("%+v: %s, want %s", c.q, got, c.want)
		}
	}
	if got, err := l.store.RoomsOf(t.Context(), "bo", 9); err != nil || fmt.Sprint(got) != "[secret]" {
		t.Errorf("rooms of bo: %v, %v", got, err)
	}
	l.do("open", "ana", &chatv1.Send{ClientMsgId: "x", Text: "in the open"})
	said := l.do("secret", "ana", &chatv1.Send{ClientMsgId: "y", Text: "in secret"})
	for user, want := range map[string]string{"bo": "news open secret in secret", "ana": "news open in the open secret in secret", "eve": "news open"} {
		rooms, err := l.store.Rooms(t.Context(), store.RoomQuery{User: user, Limit: 9})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range rooms {
			got = append(got, r.GetRoom())
			if r.Last != nil {
				got = append(got, r.GetLast().GetText())
			}
			if r.GetRoom() == "secret" && r.GetLast().GetSeq() != said.GetSeq() {
				t.Errorf("the newest message of a room is %v", r.GetLast())
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s sees %q, want %q", user, got, want)
		}
	}
	members, err := l.store.Members(t.Context(), "secret", "", 1)
	if err != nil || len(members) != 1 || members[0].GetUser() != "ana" || members[0].GetRole() != chatv1.Role_OWNER {
		t.Errorf("members: %v, %v", members, err)
	}
	if members, err = l.store.Members(t.Context(), "secret", "ana", 9); err != nil || len(members) != 1 || members[0].GetUser() != "bo" {
		t.Errorf("members after ana: %v, %v", members, err)
	}
	if _, s, err := l.store.Info(t.Context(), "secret", "eve"); err != nil || s.Member != nil || s.BannedUntil != 0 {
		t.Errorf("eve's standing: %v, %v", s, err)
	}
	if info, s, err := l.store.Info(t.Context(), "secret", "bo"); err != nil || s.Member.GetRole() != chatv1.Role_MEMBER || info.GetMemberCount() != 2 {
		t.Errorf("bo's standing: %v, %v, %v", info, s, err)
	}
}
