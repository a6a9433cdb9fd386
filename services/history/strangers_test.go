package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// applied is a store of which only Apply is used.
type applied struct {
	store.Store
	apply func()
}

func (a *applied) Apply(context.Context, int, store.Position, store.Position, []*chatv1.LogRecord) error {
	a.apply()
	return nil
}

// strangersOf a store that has these users.
func strangersOf(inner store.Store, users []string) *strangers {
	failed := false
	return newStrangers(inner, func(_ context.Context, after string, limit int) ([]string, error) {
		if !failed { // it is asked again
			failed = true
			return nil, errors.New("busy")
		}
		at := 0
		for at < len(users) && users[at] <= after {
			at++
		}
		return users[at:min(len(users), at+limit)], nil
	})
}

func TestStrangers(t *testing.T) {
	users := make([]string, 2*usersAtOnce) // full parts to the end
	for i := range users {
		users[i] = fmt.Sprintf("user-%06d", i)
	}
	s := strangersOf(nil, users)
	if s.certain("nobody") {
		t.Error("certain of a user before it is known who is in a room")
	}
	s.learn(t.Context(), slog.New(slog.DiscardHandler))
	for _, user := range users {
		if s.certain(user) {
			t.Fatalf("%s is in a room, and said to be in none", user)
		}
	}
	certain := 0
	for i := range 1000 {
		if s.certain(fmt.Sprint("guest-", i)) {
			certain++
		}
	}
	if certain < 980 {
		t.Errorf("certain of %d of 1000 strangers", certain)
	}
	if (*strangers)(nil).certain("nobody") {
		t.Error("certain where others write the store")
	}
}

// TestStrangersComeIn: whoever is put into a room is no stranger any more when
// the store has it, at the latest.
func TestStrangersComeIn(t *testing.T) {
	event := func(user string, change func(*chatv1.Event)) *chatv1.Event {
		e := &chatv1.Event{Room: "lobby", User: user}
		change(e)
		return e
	}
	for name, e := range map[string]*chatv1.Event{
		"created": event("ana", func(e *chatv1.Event) {
			e.Change = &chatv1.Event_Created{Created: &chatv1.Created{Members: []*chatv1.Member{{User: "ana"}, {User: "bo"}}}}
		}),
		"joined": event("bo", func(e *chatv1.Event) { e.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{}} }),
	} {
		t.Run(name, func(t *testing.T) {
			inner := &applied{}
			s := strangersOf(inner, nil)
			s.learn(t.Context(), slog.New(slog.DiscardHandler))
			if !s.certain("bo") {
				t.Fatal("bo is in a room of nobody's")
			}
			asked := false
			inner.apply = func() {
				if asked = true; s.certain("bo") {
					t.Error("the store has bo in a room, and bo is said to be in none")
				}
			}
			if err := s.Apply(t.Context(), 0, store.Position{}, store.Position{}, []*chatv1.LogRecord{{Events: []*chatv1.Event{e}}}); err != nil || !asked {
				t.Fatalf("applied: %v, %v", asked, err)
			}
		})
	}
}

// TestRoomsOfStrangers: whoever was in a room before the start, or comes into one,
// is told so; and who is in none is, without the store.
func TestRoomsOfStrangers(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	h.must(create("c1", "lobby", "ana"))
	h.stop()
	h = start(t, server, dir)
	natstest.Eventually(t, time.Minute, "the store's users are known", func() bool { return h.strangers.certain("cy") })
	rooms := func(user string) string {
		return fmt.Sprint(h.askHistory(&chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Rooms{Rooms: &chatv1.AskRooms{User: user, Limit: 9}}}).GetRooms().GetRooms())
	}
	for user, want := range map[string]string{"ana": "[lobby]", "bo": "[]", "cy": "[]"} {
		if got := rooms(user); got != want {
			t.Errorf("the rooms of %s are %s, want %s", user, got, want)
		}
	}
	h.must(join("j1", "lobby", "bo"))
	natstest.Eventually(t, time.Minute, "the store has the new member", func() bool { return rooms("bo") == "[lobby]" })
}
