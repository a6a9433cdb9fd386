package fold

import (
	"testing"
	"time"
)

func TestReloadIsNotSeen(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"), opened("2", "ben", online, "red"))
	r.pass(5 * time.Second)
	r.say("g", ended("1"))
	r.wantNone("the page closed", r.pass(time.Second))
	r.say("g", opened("3", "ana", online))
	r.say("g", moved("3", []string{"red"}, nil))
	r.wantNone("the page is back", r.pass(5*time.Second))
	r.wantUser("ana", Presence{State: online})
}

func TestEndedForGood(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"), opened("2", "ben", online, "red"))
	r.pass(5 * time.Second)
	r.say("g", ended("1"))
	r.wantNone("the grace", r.pass(2*time.Second-tick))
	out := r.pass(tick)
	if len(out) != 1 || len(out[0].Changes) != 1 || out[0].Changes[0].User != "ana" || out[0].Online != 1 {
		t.Fatalf("published %v, want ana offline", out)
	}
}

func TestSessionThatComesBackUnderItsId(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"))
	r.say("g", ended("1"))
	r.pass(time.Second)
	r.say("g", opened("1", "ana", online, "red"))
	r.pass(5 * time.Second)
	r.wantUser("ana", Presence{State: online})
	r.say("g", ended("1"))
	r.pass(time.Second)
	r.say("g", opened("1", "ana", online, "red"), ended("1"))
	r.pass(1500 * time.Millisecond)
	r.wantUser("ana", Presence{State: online}) // the first end counts no more
	r.pass(time.Second)
	r.wantUser("ana", Presence{})
}

func TestSessionOfAnotherUser(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red"))
	r.say("g", opened("1", "ben", online, "red"))
	r.wantUser("ana", Presence{})
	r.wantUser("ben", Presence{State: online})
}

func TestLeaveTakesSessionsInGraceAlong(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("1", "ana", online, "red", "blue"))
	r.say("g", ended("1"), opened("2", "ana", online, "red", "blue"))
	r.say("g", moved("2", nil, []string{"red"}))
	if r.fold.Member("red", "ana") || !r.fold.Member("blue", "ana") {
		t.Error("ana left red and not blue")
	}
	r.say("g", opened("2", "ana", online))
	if r.fold.Member("blue", "ana") {
		t.Error("ana left blue, too")
	}
}

func TestLeaveOnOneDeviceOfTwo(t *testing.T) {
	r := newRig(t)
	r.say("a", opened("1", "ana", online, "red"))
	r.say("b", opened("1", "ana", online, "red"))
	r.say("a", moved("1", nil, []string{"red"}))
	if !r.fold.Member("red", "ana") {
		t.Error("ana's other device is in red")
	}
}

func TestNonsenseIsHarmless(t *testing.T) {
	r := newRig(t)
	r.say("g", opened("", "ana", online, "red"), opened("1", "", online, "red"), ended("?"), moved("?", []string{"red"}, nil), nil)
	r.say("g", opened("1", "ana", online, "red", "red"), moved("1", []string{"red"}, []string{"blue"}))
	r.say("g", moved("1", nil, []string{"red", "red"}))
	if r.fold.Has("red") || r.fold.Online("red") != 0 || r.fold.Size().Sessions != 1 {
		t.Errorf("it holds %+v", r.fold.Size())
	}
	r.fold.Hear(r.now, nil)
}

func TestGraceOfTheBetterDeviceEndsFirst(t *testing.T) {
	r := newRig(t)
	r.say("a", opened("1", "ana", away, "red"))
	r.say("b", opened("1", "ana", online, "red"))
	r.silent["a"] = true
	r.pass(6 * time.Second)
	r.say("b", ended("1"))
	r.wantUser("ana", Presence{State: online})
	r.pass(2 * time.Second)
	r.wantUser("ana", Presence{State: away})
}
