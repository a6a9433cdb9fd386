package fold

import (
	"testing"
	"time"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

func TestUserOverDevices(t *testing.T) {
	tests := []struct {
		name    string
		devices []*presencev1.Change
		want    Presence
	}{
		{"one", []*presencev1.Change{opened("1", "ana", away)}, Presence{State: away}},
		{"the best", []*presencev1.Change{opened("1", "ana", away), opened("2", "ana", online), opened("3", "ana", busy)}, Presence{State: online}},
		{"busy before away", []*presencev1.Change{opened("1", "ana", away), opened("2", "ana", busy)}, Presence{State: busy}},
		{"visible before invisible", []*presencev1.Change{opened("1", "ana", invisible), opened("2", "ana", away)}, Presence{State: away}},
		{"invisible", []*presencev1.Change{opened("1", "ana", invisible)}, Presence{}},
		{"a status holds on all", []*presencev1.Change{opened("1", "ana", online), status("2", "ana", busy, "writing", 7)}, Presence{State: busy, Text: "writing"}},
		{"the latest status", []*presencev1.Change{status("1", "ana", online, "a", 8), status("2", "ana", busy, "b", 7)}, Presence{State: online, Text: "a"}},
		{"invisible by status hides all", []*presencev1.Change{opened("1", "ana", online), status("2", "ana", invisible, "x", 7)}, Presence{}},
		{"no state is not shown", []*presencev1.Change{opened("1", "ana", 0), opened("2", "ana", 77)}, Presence{}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newRig(t)
			r.say("g", test.devices...)
			r.wantUser("ana", test.want)
		})
	}
}

func TestInvisibleIsOffline(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"), opened("2", "ben", online, "red"))
	r.pass(tick)
	r.say("g", status("1", "ana", invisible, "hiding", 1))
	out := r.pass(tick)
	if len(out) != 1 || out[0].Online != 1 || len(out[0].Changes) != 1 || presenceOf(out[0].Changes[0]) != (Presence{}) || out[0].Changes[0].Text != nil {
		t.Fatalf("published %v, want ana offline, without a text", out)
	}
	if got := r.fold.Online("red"); got != 1 {
		t.Errorf("%d online, want 1", got)
	}
	if got := r.fold.Own("ana"); got != (Presence{State: invisible, Text: "hiding"}) {
		t.Errorf("ana sees herself as %v, want invisible", got)
	}
	if got := r.fold.In("red", "ana"); got.Visible() {
		t.Errorf("ana is seen as %v in the room", got)
	}
	r.pass(3 * time.Second)
	r.say("g", ended("1"))
	r.wantNone("an invisible user went", r.pass(5*time.Second))
}

func TestLiveDeviceSpeaksBeforeOneInGrace(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"))
	r.say("g", opened("2", "ana", away, "red"), ended("1"))
	r.wantUser("ana", Presence{State: away})
	r.say("g", ended("2"))
	r.wantUser("ana", Presence{State: online})
	r.pass(2*time.Second + tick)
	r.wantUser("ana", Presence{})
}

func TestShare(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red", "blue"), opened("2", "ben", online, "blue"), opened("3", "cem", online, "green"))
	for _, test := range []struct {
		a, b string
		want bool
	}{{"ana", "ben", true}, {"ben", "ana", true}, {"ana", "cem", false}, {"ana", "nobody", false}, {"nobody", "ana", false}} {
		if got := r.fold.Share(test.a, test.b); got != test.want {
			t.Errorf("%s and %s share a room: %v, want %v", test.a, test.b, got, test.want)
		}
	}
}
