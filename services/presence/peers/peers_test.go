package peers

import (
	"fmt"
	"testing"
	"time"
)

var start = time.UnixMilli(1e12)

func TestAllNameTheSameOwner(t *testing.T) {
	names := []string{"a", "b", "c"}
	views := make([]*Peers, len(names))
	for i, self := range names {
		views[i] = New(self)
		for _, other := range names {
			views[i].Hear(start, other, false)
		}
	}
	owned := map[string]int{}
	const rooms = 3000
	for i := range rooms {
		room := fmt.Sprint("room", i)
		owner := views[0].Owner(room)
		owned[owner]++
		for _, v := range views {
			if got := v.Owner(room); got != owner {
				t.Fatalf("%s is %s's and %s's", room, owner, got)
			}
		}
	}
	for _, name := range names {
		if n := owned[name]; n < rooms/3-200 || n > rooms/3+200 {
			t.Errorf("%s owns %d of %d rooms", name, n, rooms)
		}
	}
}

func TestOnlyTheRoomsOfTheLostChangeHands(t *testing.T) {
	p := New("a")
	p.Hear(start, "b", false)
	p.Hear(start, "c", false)
	before := map[string]string{}
	for i := range 1000 {
		room := fmt.Sprint("room", i)
		before[room] = p.Owner(room)
	}
	if !p.Hear(start, "c", true) {
		t.Fatal("nobody noticed that c left")
	}
	for room, owner := range before {
		if got := p.Owner(room); got == "c" || owner != "c" && got != owner {
			t.Errorf("%s went from %s to %s", room, owner, got)
		}
	}
}

func TestSilenceEndsALife(t *testing.T) {
	p := New("a")
	steps := []struct {
		name    string
		changed bool
		want    bool
		live    int
	}{
		{"b comes", p.Hear(start, "b", false), true, 2},
		{"b beats", p.Hear(start.Add(time.Second), "b", false), false, 2},
		{"itself", p.Hear(start, "a", true), false, 2},
		{"no name", p.Hear(start, "", false), false, 2},
		{"just in time", p.Advance(start.Add(time.Second + TTL - 1)), false, 2},
	}
	for _, s := range steps {
		if s.changed != s.want {
			t.Errorf("%s: changed %v, want %v", s.name, s.changed, s.want)
		}
	}
	if p.Live() != 2 {
		t.Errorf("%d live, want 2", p.Live())
	}
	if !p.Advance(start.Add(time.Second+TTL)) || p.Live() != 1 || p.Owner("x") != "a" {
		t.Error("b outlives its silence")
	}
	p.Hear(start, "b", false)
	if p.Forget(); p.Live() != 1 {
		t.Error("b was not forgotten")
	}
}

func TestOneGoesAsAnotherComes(t *testing.T) {
	p := New("a")
	p.Hear(start, "b", false)
	p.Hear(start.Add(TTL), "c", false)
	if !p.Advance(start.Add(TTL)) || p.Live() != 2 {
		t.Errorf("%d live, want a and c", p.Live())
	}
	for i := range 100 {
		if owner := p.Owner(fmt.Sprint(i)); owner == "b" {
			t.Fatal("b owns a room")
		}
	}
}
