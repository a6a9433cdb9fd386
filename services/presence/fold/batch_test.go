package fold

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

func TestFirstMessageOfAnOwnerIsWhole(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ben", online, "red"), opened("2", "ana", busy, "red"))
	first := r.pass(tick)
	if len(first) != 1 || !first[0].Whole || first[0].Number != 1 || first[0].Online != 2 || len(first[0].Changes) != 2 || first[0].Changes[0].User != "ana" {
		t.Fatalf("published %v, want red whole: ana, ben", first)
	}
	r.say("g", opened("3", "cem", online, "red"))
	second := r.pass(tick)
	if len(second) != 1 || second[0].Whole || second[0].Number != 2 || second[0].Owner != first[0].Owner || len(second[0].Changes) != 1 {
		t.Fatalf("published %v, want cem alone", second)
	}
}

func TestOnlyTheNetEffectIsTold(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"), opened("2", "ben", online, "red"))
	r.pass(5 * time.Second)
	r.say("g", opened("1", "ana", busy, "red"), moved("2", nil, []string{"red"}))
	r.say("g", opened("1", "ana", online, "red"), moved("2", []string{"red"}, nil))
	r.wantNone("there and back", r.pass(5*time.Second))
}

func TestOneMessageForManyWhoComeAtOnce(t *testing.T) {
	r := newRig(t)
	for i := range CountsAbove {
		r.say("g", opened(fmt.Sprint(i), fmt.Sprintf("user%04d", i), online, "red"))
	}
	out := r.pass(tick)
	if len(out) != 1 || len(out[0].Changes) != CountsAbove {
		t.Fatalf("%d messages, want one with %d users", len(out), CountsAbove)
	}
	if size := proto.Size(out[0]); size > 256<<10 {
		t.Errorf("%d bytes", size)
	}
}

func TestOnlyCountsInABigRoom(t *testing.T) {
	r := newRig(t)
	for i := range CountsAbove {
		r.say("g", opened(fmt.Sprint(i), fmt.Sprint("user", i), online, "red"))
	}
	r.pass(tick)
	r.say("g", opened("x", "ana", online, "red"))
	if out := r.pass(tick); len(out) != 1 || len(out[0].Changes) != 0 || out[0].Online != CountsAbove+1 {
		t.Fatalf("published %v, want the count alone", out)
	}
	if m := r.batches.Whole(r.fold, "red"); len(m.Changes) != 0 || m.Online != CountsAbove+1 {
		t.Fatalf("answered with %d users, want the count alone", len(m.Changes))
	}
	r.say("g", opened("x", "ana", busy, "red"))
	r.say("g", opened("y", "ben", online, "red"))
	if out := r.pass(tick); len(out) != 1 || out[0].Online != CountsAbove+2 {
		t.Fatalf("published %v, want one more", out)
	}
	r.say("g", opened("x", "ana", online, "red"))
	r.wantNone("a state in a big room", r.pass(tick))
	r.say("g", moved("x", nil, []string{"red"}), moved("y", nil, []string{"red"}))
	if out := r.pass(tick); len(out) != 1 || !out[0].Whole || len(out[0].Changes) != CountsAbove {
		t.Fatalf("published %d messages, want the whole of a room that is small again", len(out))
	}
}

func TestRepeatsOnceWhenQuiet(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"))
	first := r.pass(tick)
	again := r.pass(time.Minute)
	if len(again) != 1 || !proto.Equal(first[0], again[0]) {
		t.Fatalf("published %v, want %v once more", again, first)
	}
	r.say("g", opened("1", "ana", busy, "red"))
	r.pass(tick)
	r.say("g", opened("1", "ana", away, "red"))
	out := r.pass(time.Minute)
	if len(out) != 2 || out[0].Number != 3 || out[1].Number != 3 {
		t.Fatalf("published %v, want only the last repeated", out)
	}
}

func TestLastOneOutIsTold(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"))
	owner := r.pass(5 * time.Second)[0].Owner
	r.say("g", moved("1", nil, []string{"red"}))
	out := r.pass(tick)
	if len(out) != 1 || out[0].Online != 0 || len(out[0].Changes) != 1 {
		t.Fatalf("published %v, want ana gone", out)
	}
	if r.batches.Owned() != 0 {
		t.Error("an empty room is kept")
	}
	r.say("g", moved("1", []string{"red"}, nil))
	if out := r.pass(tick); len(out) != 1 || !out[0].Whole || out[0].Number != 1 || out[0].Owner == owner {
		t.Fatalf("published %v, want number 1 of another term than %s", out, owner)
	}
}

func TestRoomsChangeHands(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red", "blue"), opened("2", "ben", invisible, "green"))
	r.pass(5 * time.Second)
	r.batches.Own(r.fold, func(room string) bool { return room == "red" })
	if got := r.batches.Owned(); got != 1 {
		t.Fatalf("it owns %d rooms, want red", got)
	}
	r.wantNone("rooms were given away", r.pass(5*time.Second))
	r.batches.Own(r.fold, func(string) bool { return true })
	got := map[string]*presencev1.RoomChanges{}
	for _, m := range r.pass(tick) {
		got[m.Room] = m
	}
	if len(got) != 2 || !got["blue"].Whole || len(got["blue"].Changes) != 1 || !got["green"].Whole || got["green"].Online != 0 {
		t.Fatalf("published %v, want blue and green whole", got)
	}
	r.batches.Drop()
	if m := r.batches.Whole(r.fold, "nowhere"); !m.Whole || m.Owner == "" || m.Number != 0 {
		t.Errorf("of a room that nobody is in: %v", m)
	}
}

// TestNobodySeenIsToldOfANewTerm: whoever lost that the last one went learns it
// when even an invisible user comes.
func TestNobodySeenIsToldOfANewTerm(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", invisible, "red"))
	out := r.pass(tick)
	if len(out) != 1 || !out[0].Whole || out[0].Online != 0 || len(out[0].Changes) != 0 {
		t.Fatalf("published %v, want that nobody is here", out)
	}
}
