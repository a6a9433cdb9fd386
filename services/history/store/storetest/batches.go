package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// batches: whatever happens within one batch comes out as it does in batches
// of one record each. Random changes by seeded dice; the rules refuse what is none.
func batches(t *testing.T, open Opener) {
	for seed := range uint64(4) {
		dice := rand.New(rand.NewPCG(seed, 1))
		l := &log{t: t, rooms: map[string]*room.State{}}
		ids := []string{fmt.Sprintf("one-%d", seed), fmt.Sprintf("two-%d", seed)}
		var events []*chatv1.Event
		for len(events) < 400 {
			if e := l.decide(ids[dice.IntN(len(ids))], fmt.Sprintf("user%d", dice.IntN(5)), fmt.Sprintf("Name %d", dice.IntN(3)), change(dice)); e != nil {
				events = append(events, e)
			}
		}
		s := open(t)
		at, err := s.Position(t.Context(), int(seed))
		if err != nil {
			t.Fatal(err)
		}
		l.at, l.store, l.partition = at, s, int(seed)
		for rest := events; len(rest) > 0; {
			n := min(len(rest), 1+dice.IntN(120))
			l.apply(rest[:n]...)
			rest = rest[n:]
		}
		for _, id := range ids {
			l.check(s, id, fmt.Sprintf("seed %d", seed))
		}
	}
}

// decide is the event that a change makes, or nil where it is refused.
func (l *log) decide(id, user, name string, change any) *chatv1.Event {
	state := l.rooms[id]
	if state == nil {
		state = room.New(id)
		l.rooms[id] = state
	}
	by := &chatv1.Actor{User: user, Name: name}
	if _, ok := change.(*chatv1.Trim); ok {
		by = &chatv1.Actor{User: "natter", Name: "natter", Admin: true}
	}
	d := room.Decide(state, room.Command{ID: "c", By: by, Change: change}, room.Facts{}, room.DefaultLimits(), int64(1000+state.Head)*1000)
	if d.Event == nil {
		return nil
	}
	if err := state.Evolve(d.Event); err != nil {
		l.t.Fatal(err)
	}
	return d.Event
}

func change(dice *rand.Rand) any {
	seq := uint32(1 + dice.IntN(40))
	user := fmt.Sprintf("user%d", dice.IntN(5))
	switch dice.IntN(19) {
	case 18:
		return &chatv1.Trim{Before: uint32(1 + dice.IntN(30))}
	case 0:
		return public("Room")
	case 1, 2:
		return &chatv1.Join{}
	case 3:
		return &chatv1.Leave{}
	case 4:
		return &chatv1.Kick{User: user}
	case 5:
		return &chatv1.Ban{User: user, Until: room.Time(9_000_000)}
	case 6:
		return &chatv1.Unban{User: user}
	case 7:
		return &chatv1.Mute{User: user}
	case 8:
		return &chatv1.Unmute{User: user}
	case 9:
		return &chatv1.SetRole{User: user, Role: chatv1.Role_MODERATOR}
	case 10:
		slow := uint32(dice.IntN(2))
		topic := fmt.Sprint("topic ", dice.IntN(9))
		return &chatv1.UpdateRoom{SlowModeSeconds: &slow, Topic: &topic}
	case 11:
		return &chatv1.Edit{Seq: seq, Text: fmt.Sprintf("edited %d <@%s>", dice.IntN(99), user)}
	case 12:
		return &chatv1.Delete{Seq: seq}
	case 13, 14:
		return &chatv1.React{Seq: seq, Emoji: []string{"👍", "🎉"}[dice.IntN(2)], Remove: dice.IntN(3) == 0}
	case 15:
		return &chatv1.Send{ClientMsgId: fmt.Sprint("t", dice.Uint64()), Text: "in a thread", Thread: &seq}
	}
	return &chatv1.Send{ClientMsgId: fmt.Sprint("m", dice.Uint64()), Text: fmt.Sprintf("hello <@%s>", user)}
}

// check compares a room as it is stored with what the rules made of it.
func (l *log) check(s store.Store, id, what string) {
	l.t.Helper()
	want := l.rooms[id]
	got, err := s.Room(l.t.Context(), id)
	if err != nil {
		l.t.Fatalf("%s: %v", what, err)
	}
	if !proto.Equal(got.Room(), want.Room()) || !proto.Equal(got.Last, want.Last) {
		l.t.Errorf("%s: room %s\nstored %v, last %v\nlive   %v, last %v", what, id, got.Room(), got.Last, want.Room(), want.Last)
	}
	if fmt.Sprint(got.Banned, got.Muted, got.SlowSent) != fmt.Sprint(want.Banned, want.Muted, want.SlowSent) {
		l.t.Errorf("%s: sanctions in %s\nstored %v %v %v\nlive   %v %v %v", what, id, got.Banned, got.Muted, got.SlowSent, want.Banned, want.Muted, want.SlowSent)
	}
	if len(got.Members) != len(want.Members) {
		l.t.Errorf("%s: %d members in %s, want %d", what, len(got.Members), id, len(want.Members))
	}
	for user, m := range want.Members {
		if got.Members[user] == nil || *got.Members[user] != *m {
			l.t.Errorf("%s: %s in %s is stored as %+v, want %+v", what, user, id, got.Members[user], m)
		}
	}
	seqs := make([]uint32, want.Head)
	for i := range seqs {
		seqs[i] = uint32(i + 1)
	}
	facts, err := s.Facts(l.t.Context(), id, seqs)
	if err != nil {
		l.t.Fatal(err)
	}
	for _, seq := range seqs {
		m, known := want.Message(seq)
		got := facts[seq]
		if (m != nil) != (got != nil) {
			l.t.Errorf("%s: message %d of %s is stored: %v, is known: %v, %v", what, seq, id, got != nil, m != nil, known)
			continue
		}
		if m != nil && (got.User != m.User || got.Deleted != m.Deleted || m.Deleted == 0 && got.Text != m.Text || fmt.Sprint(got.Reactions) != fmt.Sprint(m.Reactions)) {
			l.t.Errorf("%s: message %d of %s\nstored %+v\nlive   %+v", what, seq, id, got, m)
		}
	}
}

// cameBack: in one batch a member leaves, comes back under another name, and
// has the name of before again.
func cameBack(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	var events []*chatv1.Event
	for _, step := range []struct {
		name   string
		change any
	}{
		{"Bo", &chatv1.Join{}}, {"Bo", &chatv1.Send{ClientMsgId: "1", Text: "here"}}, {"Bo", &chatv1.Leave{}},
		{"Bodo", &chatv1.Join{}}, {"Bo", &chatv1.Send{ClientMsgId: "2", Text: "again"}},
	} {
		events = append(events, l.decide("lobby", "bo", step.name, step.change))
	}
	l.apply(events...)
	l.check(l.store, "lobby", "came back")
}

// oneWins: of many who apply from the same position one does, and the others
// are told.
func oneWins(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	e := &chatv1.Event{Room: "lobby", Seq: 2, User: "bo", TimeMs: 5, Change: &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}}
	errs := make([]error, 6)
	var all sync.WaitGroup
	for n := range errs {
		all.Go(func() {
			to := store.Position{Stream: 7, Sequence: 2, Record: fmt.Append(nil, "by ", n)}
			errs[n] = l.store.Apply(t.Context(), 0, l.at, to, []*chatv1.LogRecord{{Id: to.Record, Sequence: 2, Events: []*chatv1.Event{e}}})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, store.ErrPosition) {
			t.Errorf("another error than ErrPosition: %v", err)
		}
	}
	if state, err := l.store.Room(t.Context(), "lobby"); won != 1 || err != nil || state.Head != 2 {
		t.Errorf("%d applied, %v; the head is %d", won, err, state.Head)
	}
}

// partitionsApart: partitions are applied side by side, each from its own position.
func partitionsApart(t *testing.T, open Opener) {
	s := open(t)
	var all sync.WaitGroup
	for p := range 4 {
		all.Go(func() {
			l := newLog(t, s)
			l.partition = p
			id := fmt.Sprint("room", p)
			l.do(id, "ana", public("Room"))
			for n := range 20 {
				l.do(id, "ana", &chatv1.Send{ClientMsgId: fmt.Sprint(n), Text: "hi"})
			}
		})
	}
	all.Wait()
	for p := range 4 {
		at, err := s.Position(t.Context(), p)
		page, err2 := s.Messages(t.Context(), store.Query{Room: fmt.Sprint("room", p), Limit: 100})
		if err != nil || err2 != nil || at.Sequence != 21 || len(page.Messages) != 20 {
			t.Errorf("partition %d: at %d, %d messages, %v, %v", p, at.Sequence, len(page.Messages), err, err2)
		}
	}
}

// oddText: what no database likes in a text must not stop a log for ever.
func oddText(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	odd := "a\x00b\\c'd%e\u202e"
	e := l.do("lobby", "ana", public("Lobby"))
	e = proto.CloneOf(e)
	join := &chatv1.Event{Room: "lobby", Seq: 2, TimeMs: 5, User: "bo", Name: odd, CommandId: odd, Change: &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}}
	post := &chatv1.Event{Room: "lobby", Seq: 3, TimeMs: 6, User: "bo", Name: odd, CommandId: odd, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: odd}}}
	l.apply(join, post)
	for i, got := range mustEvents(t, l.store) {
		if want := []*chatv1.Event{e, join, post}[i]; !proto.Equal(got, want) {
			t.Errorf("got  %v\nwant %v", got, want)
		}
	}
	for _, q := range []store.RoomQuery{{User: odd, Limit: 5}, {User: "ana", Text: odd, Limit: 5}, {User: "ana", After: odd, Limit: 5}} {
		if _, err := l.store.Rooms(t.Context(), q); err != nil {
			t.Errorf("%+v: %v", q, err)
		}
	}
	if _, err := l.store.RoomsOf(t.Context(), odd, 5); err != nil {
		t.Error(err)
	}
	if _, err := l.store.Members(t.Context(), "lobby", odd, 5); err != nil {
		t.Error(err)
	}
}
