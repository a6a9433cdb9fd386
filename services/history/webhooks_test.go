package history

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// startHooked is start with a receiver on this machine allowed.
func startHooked(t testing.TB, server *natstest.Server, dir string) *running {
	t.Helper()
	r := launchWith(t, server, hooked(dir), quick)
	r.readySoon()
	return r
}

func TestWebhookIsToldWhatComes(t *testing.T) {
	h := startHooked(t, natstest.Start(t), t.TempDir())
	h.must(create("c1", "lobby", "ana"))
	h.must(create("c2", "other", "ana"))
	h.must(create("c3", "log-1", "ana"))
	to := newReceiver(t)
	h.hook(to, "lobby", "log-*")
	for n := range 20 {
		for _, room := range []string{"lobby", "other", "log-1"} {
			h.must(send(fmt.Sprint(room, n), room, "ana", message(fmt.Sprint("m", n), fmt.Sprint("text ", n), 1)))
		}
	}
	h.must(create("c4", "log-2", "ana"))
	to.has("lobby", 2, 21)
	to.has("log-1", 2, 21)
	to.has("log-2", 1, 1)
	if other := to.seqs("other"); other != nil {
		t.Errorf("of a room that was not chosen came %v", other)
	}
	for _, d := range to.deliveries() {
		for _, e := range d.Events {
			if e.Room == "lobby" && (e.Message == nil || e.Message.Text != fmt.Sprint("text ", e.Seq-2) || e.User != "ana") {
				t.Errorf("seq %d is told as %+v", e.Seq, e)
			}
		}
	}
}

// TestWebhookWaitsForItsReceiver: down, then slow, then well again, each event
// comes, in order per room.
func TestWebhookWaitsForItsReceiver(t *testing.T) {
	h := startHooked(t, natstest.Start(t), t.TempDir())
	to := newReceiver(t)
	to.set(func(delivered, http.ResponseWriter) int { return http.StatusServiceUnavailable })
	id := h.hook(to, "*")
	const rooms, each = 5, 30
	for r := range rooms {
		h.must(create(fmt.Sprint("c", r), fmt.Sprint("room-", r), "ana"))
		for n := range each {
			h.must(send(fmt.Sprint("s", r, "-", n), fmt.Sprint("room-", r), "ana", message(fmt.Sprint("m", n), "x", 1)))
		}
	}
	var progress *historyv1.WebhookProgress
	natstest.Eventually(t, time.Minute, "all rooms have a place, and the log is done with", func() bool {
		got, err := h.webhooks().Get(t.Context(), &historyv1.WebhooksGetRequest{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		progress = got.GetProgress()
		return progress.GetRecordsBehind() == 0 && progress.GetRoomsWaiting() == rooms
	})
	if progress.GetProblem() != "the receiver answered 503" || progress.GetWaitingSince() == nil || progress.GetDead() != 0 {
		t.Errorf("the progress is %v", progress)
	}
	if got := to.deliveries(); len(got) > 0 {
		t.Fatalf("a receiver that is down took %v", got)
	}
	to.set(func(delivered, http.ResponseWriter) int {
		<-time.After(20 * time.Millisecond) // it is slow
		return 0
	})
	for r := range rooms {
		to.has(fmt.Sprint("room-", r), 1, each+1)
	}
	natstest.Eventually(t, time.Minute, "nothing waits", func() bool {
		got, err := h.webhooks().Get(t.Context(), &historyv1.WebhooksGetRequest{Id: id})
		return err == nil && got.GetProgress().GetRoomsWaiting() == 0 && got.GetProgress().GetProblem() == ""
	})
}

// TestWebhookIsInOrderWhateverFails: a receiver that fails and hangs by chance,
// couriers that end and begin in the middle, and every event comes, first in
// order.
func TestWebhookIsInOrderWhateverFails(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	to := newReceiver(t)
	to.set(func(delivered, http.ResponseWriter) int {
		switch rand.IntN(5) {
		case 0:
			return http.StatusInternalServerError
		case 1:
			panic(http.ErrAbortHandler) // the connection breaks
		}
		return 0
	})
	h := startHooked(t, server, dir)
	h.hook(to, "*")
	const rooms, each, restarts = 6, 20, 3
	for r := range rooms {
		h.must(create(fmt.Sprint("c", r), fmt.Sprint("room-", r), "ana"))
	}
	for round := range restarts {
		var wg sync.WaitGroup
		for r := range rooms {
			wg.Go(func() {
				for n := range each {
					id := fmt.Sprint("s", round, "-", r, "-", n)
					h.must(send(id, fmt.Sprint("room-", r), "ana", message(id, "x", 1)))
				}
			})
		}
		wg.Wait()
		h.stop() // with much of it under way
		h = startHooked(t, server, dir)
	}
	to.set(nil)
	for r := range rooms {
		to.has(fmt.Sprint("room-", r), 1, restarts*each+1)
	}
}

// TestARoomThatFailsHoldsUpNoOther.
func TestARoomThatFailsHoldsUpNoOther(t *testing.T) {
	h := startHooked(t, natstest.Start(t), t.TempDir())
	to := newReceiver(t)
	var mended atomic.Bool
	to.set(func(d delivered, _ http.ResponseWriter) int {
		if d.Room == "bad" && !mended.Load() {
			return http.StatusBadRequest
		}
		return 0
	})
	h.hook(to, "*")
	for _, room := range []string{"bad", "good"} {
		h.must(create("c-"+room, room, "ana"))
	}
	for n := range 50 {
		for _, room := range []string{"bad", "good"} {
			h.must(send(fmt.Sprint(room, n), room, "ana", message(fmt.Sprint("m", n), "x", 1)))
		}
	}
	to.has("good", 1, 51)
	mended.Store(true)
	to.has("bad", 1, 51)
}

// TestDeadLettersAreKeptAndRetried.
func TestDeadLettersAreKeptAndRetried(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	cfg := hooked(dir)
	cfg.WebhookRetryFor = 0 // once
	h := launchWith(t, server, cfg, quick)
	h.readySoon()
	to := newReceiver(t)
	to.set(func(d delivered, _ http.ResponseWriter) int {
		if d.After < 2 {
			return http.StatusTeapot
		}
		return 0
	})
	id := h.hook(to, "*")
	h.must(create("c1", "lobby", "ana"))
	hooks := h.webhooks()
	dead := func() []*historyv1.DeadLetter {
		list, err := hooks.ListDead(t.Context(), &historyv1.WebhooksListDeadRequest{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		return list.GetLetters()
	}
	natstest.Eventually(t, time.Minute, "the first event is a dead letter", func() bool { return len(dead()) == 1 })
	for n := range 3 {
		h.must(send(fmt.Sprint("s", n), "lobby", "ana", message(fmt.Sprint("m", n), fmt.Sprint("text ", n), 1)))
		if n == 0 {
			natstest.Eventually(t, time.Minute, "so is the second", func() bool { return len(dead()) == 2 })
		}
	}
	natstest.Eventually(t, time.Minute, "the later ones come", func() bool { return slices.Equal(to.seqs("lobby"), []uint32{3, 4}) })
	for i, d := range dead() {
		if d.GetRoom() != "lobby" || d.GetAfter() != uint32(i) || d.GetThrough() != uint32(i)+1 || d.GetAttempts() != 1 || d.GetProblem() != "the receiver answered 418" || d.GetLastAttempt() == nil {
			t.Errorf("dead letter %d is %v", i, d)
		}
	}
	retry := func(want uint32) {
		t.Helper()
		asked, got := to.attempts(), &historyv1.WebhooksRetryDeadResponse{}
		got, err := hooks.RetryDead(t.Context(), &historyv1.WebhooksRetryDeadRequest{Id: id})
		if err != nil || got.GetLetters() != want {
			t.Fatalf("%v letters are retried (%v), want %d", got, err, want)
		}
		natstest.Eventually(t, time.Minute, "they are tried", func() bool {
			all := dead()
			return to.attempts() >= asked+int(want) && !slices.ContainsFunc(all, (*historyv1.DeadLetter).GetRetrying)
		})
	}
	retry(2)
	if all := dead(); len(all) != 2 || all[0].GetAttempts() != 2 {
		t.Errorf("after a retry that failed there are %v", all)
	}
	to.set(nil)
	retry(2)
	if all := dead(); len(all) != 0 {
		t.Errorf("after a retry that was taken there are %v", all)
	}
	if got := to.seqs("lobby"); !slices.Contains(got, 1) || !slices.Contains(got, 2) {
		t.Errorf("taken are %v", got)
	}
}
