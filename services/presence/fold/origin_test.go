package fold

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

func TestOnlyWhatFollowsIsFolded(t *testing.T) {
	r := newRig(t)
	r.hear("g", 1, 0)
	r.hear("g", 1, 1, opened("1", "ana", online, "red"))
	r.hear("g", 1, 2, opened("1", "ana", busy, "red"))
	r.hear("g", 1, 1, opened("1", "ana", online, "red"))
	r.hear("g", 1, 2, opened("1", "ana", busy, "red"))
	r.wantUser("ana", Presence{State: busy})
	r.hear("g", 1, 1)
	if got := r.fold.Unsynced(); len(got) > 0 {
		t.Fatalf("repeats made it ask %v for the whole", got)
	}
	r.hear("g", 1, 4, ended("1"))
	if got := r.fold.Unsynced(); !slices.Equal(got, []string{"g"}) {
		t.Fatalf("after a gap it asks %v for the whole, want g", got)
	}
	r.wantUser("ana", Presence{State: busy})
}

func TestBeatShowsAGap(t *testing.T) {
	r := newRig(t)
	r.hear("g", 1, 1, opened("1", "ana", online, "red"))
	r.hear("g", 1, 2)
	if got := r.fold.Unsynced(); len(got) != 1 {
		t.Fatal("a beat with a later number is no gap")
	}
}

func TestMeetsAGatewayInTheMiddle(t *testing.T) {
	r := newRig(t)
	r.hear("g", 1, 7)
	if size := r.fold.Size(); size.Unsynced != 1 || size.Gateways != 1 {
		t.Fatalf("size %+v, want one gateway, unsynced", size)
	}
	r.hear("g", 1, 9, opened("2", "ben", online, "red"))
	r.hear("g", 1, 10, ended("1"))
	r.fold.Synced(r.now, "g", Whole{Incarnation: 1, Number: 8, Sessions: []*presencev1.Session{
		opened("1", "ana", online, "red").GetSession(),
	}})
	if got := r.fold.Unsynced(); len(got) > 0 {
		t.Fatalf("still wants %v", got)
	}
	r.pass(3 * time.Second)
	r.wantUser("ben", Presence{State: online})
	r.wantUser("ana", Presence{})
	if got := r.fold.Size().Sessions; got != 1 {
		t.Errorf("%d sessions, want 1", got)
	}
}

func TestGapInWhatWaited(t *testing.T) {
	r := newRig(t)
	r.hear("g", 1, 9, opened("1", "ana", online, "red"))
	r.hear("g", 1, 11, opened("2", "ben", online, "red"))
	r.fold.Synced(r.now, "g", Whole{Incarnation: 1, Number: 8})
	if got := r.fold.Unsynced(); len(got) != 1 {
		t.Fatal("a gap among the deltas that waited went unseen")
	}
	r.fold.Synced(r.now, "g", Whole{Incarnation: 1, Number: 10, Sessions: []*presencev1.Session{
		opened("1", "ana", online, "red").GetSession(),
	}})
	if got := r.fold.Unsynced(); len(got) > 0 {
		t.Fatalf("still wants %v", got)
	}
	r.wantUser("ben", Presence{State: online})
}

func TestWaitingIsBounded(t *testing.T) {
	r := newRig(t)
	for n := range uint64(3 * maxWaiting) {
		r.hear("g", 1, 2+n, opened("1", "ana", online, "red"))
	}
	if got := len(r.fold.gateways["g"].waiting); got > maxWaiting {
		t.Fatalf("%d deltas wait, want at most %d", got, maxWaiting)
	}
}

func TestWholeThatIsNotWanted(t *testing.T) {
	r := newRig(t)
	r.hear("g", 2, 1, opened("1", "ana", online, "red"))
	r.fold.Synced(r.now, "g", Whole{Incarnation: 2})
	r.hear("g", 2, 2, opened("2", "ben", online, "red"))
	if got := r.fold.Unsynced(); len(got) > 0 {
		t.Fatal("a whole of before was taken")
	}
	r.hear("g", 2, 4)
	r.fold.Synced(r.now, "g", Whole{Incarnation: 1, Number: 9})
	r.wantUser("ana", Presence{State: online})
	if got := r.fold.Unsynced(); len(got) != 1 {
		t.Fatal("the whole of a dead incarnation was taken")
	}
}

func TestDeadIncarnationIsIgnored(t *testing.T) {
	r := newRig(t)
	r.hear("g", 1, 1, opened("1", "ana", online, "red"))
	r.hear("g", 2, 1, opened("1", "ben", online, "red"))
	r.hear("g", 1, 2, opened("2", "cem", online, "red"))
	r.hear("g", 1, 5)
	r.wantUser("cem", Presence{})
	r.wantUser("ana", Presence{State: online}) // in grace
	if got := r.fold.Unsynced(); len(got) > 0 {
		t.Fatalf("a dead incarnation made it ask %v", got)
	}
	for range 11 {
		r.now = r.now.Add(time.Second)
		r.hear("g", 2, 1)
		r.fold.Advance(r.now)
	}
	r.wantUser("ana", Presence{})
	r.wantUser("ben", Presence{State: online})
}

// TestKilledGateway is 1,000 sessions that go at once: those that come back
// elsewhere are never told to have gone, the others once.
func TestKilledGateway(t *testing.T) {
	r := newRig(t)
	const sessions = 1000
	room := func(i int) string { return fmt.Sprint("room", i%10) }
	for i := range sessions {
		r.say("a", opened(fmt.Sprint(i), fmt.Sprint("user", i), online, room(i)))
	}
	r.say("b", opened("b", "ben", online))
	r.pass(10 * time.Second)
	r.silent["a"] = true
	for i := range sessions / 2 {
		r.pass(0)
		r.say("b", opened(fmt.Sprint("again", i), fmt.Sprint("user", i), online, room(i)))
		if i%10 == 0 {
			r.wantNone("devices come back", r.pass(tick))
		}
	}
	offline, heard := map[string]int{}, map[string]uint64{}
	var at []time.Time
	for range 20 * time.Second / tick {
		for _, m := range r.pass(tick) {
			if m.Number <= heard[m.Room] {
				continue // the same once more
			}
			heard[m.Room] = m.Number
			for _, c := range m.Changes {
				offline[c.User]++
				at = append(at, r.now)
			}
		}
	}
	if len(offline) != sessions/2 {
		t.Fatalf("%d users were told to have gone, want %d", len(offline), sessions/2)
	}
	for user, times := range maps.All(offline) {
		if times != 1 {
			t.Errorf("%s was told to have gone %d times", user, times)
		}
	}
	for _, when := range at {
		if !when.Equal(at[0]) {
			t.Errorf("told at %v and %v, want all at once", at[0], when)
		}
	}
}

func TestLeaseAndGraceToTheMoment(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"))
	r.silent["g"] = true
	r.pass(15*time.Second - tick)
	r.wantUser("ana", Presence{State: online})
	if got := r.fold.Size().Gateways; got != 0 {
		t.Errorf("%d gateways live, want none", got)
	}
	r.pass(tick)
	r.wantUser("ana", Presence{})
	if got := r.fold.Size(); got != (Size{}) {
		t.Errorf("it still holds %+v", got)
	}
	r.pass(11 * time.Minute)
	if got := len(r.fold.gateways); got != 0 {
		t.Errorf("%d gateways are remembered for ever", got)
	}
}

func TestGatewayThatWasOnlySlow(t *testing.T) {
	for _, silence := range []time.Duration{8 * time.Second, 30 * time.Second} {
		t.Run(silence.String(), func(t *testing.T) {
			r := newRig(t)
			r.say("g", opened("1", "ana", online, "red"))
			r.silent["g"] = true
			r.pass(silence)
			r.silent["g"] = false
			r.pass(time.Second)
			if got := r.fold.Unsynced(); len(got) != 1 {
				t.Fatal("what a gateway said before its silence is trusted")
			}
			r.fold.Synced(r.now, "g", Whole{Incarnation: 1, Number: 1, Sessions: []*presencev1.Session{
				opened("1", "ana", busy, "red").GetSession(),
			}})
			r.wantUser("ana", Presence{State: busy})
			r.pass(10 * time.Second)
			r.wantUser("ana", Presence{State: busy})
		})
	}
}
