package sqlite

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestInfosForgetWhatChanged: what was read before a change is not kept after
// it, and what another got is nobody else's.
func TestInfosForgetWhatChanged(t *testing.T) {
	l := newInfos()
	old := info{room: &chatv1.Room{Room: "a", Head: 1}}
	has := func(room string) bool { _, ok, _ := l.find(room, "ana"); return ok }
	_, _, before := l.find("a", "ana")
	l.forget(map[string]*roomRow{"b": nil})
	if l.keep("a", "ana", old, before); has("a") {
		t.Error("what was read while something changed is kept")
	}
	_, _, now := l.find("a", "ana")
	l.keep("a", "ana", old, now)
	l.keep("b", "ana", info{room: &chatv1.Room{Room: "b"}}, now)
	if old.room.Head = 7; !has("a") || !has("b") || l.count != 2 {
		t.Fatalf("%d are kept of 2", l.count)
	}
	if found, _, _ := l.find("a", "ana"); found.room.GetHead() != 1 {
		t.Error("what was kept can be changed from outside")
	}
	if l.forget(map[string]*roomRow{"a": nil}); has("a") || !has("b") || l.count != 1 {
		t.Error("a change of one room must drop that room alone")
	}
}

func TestInfosAreBounded(t *testing.T) {
	l := newInfos()
	for i := range infosMost + 10 {
		l.keep("a", string(rune(i+1000)), info{room: &chatv1.Room{}}, 0)
		if l.count > infosMost {
			t.Fatal("more are kept than may be")
		}
	}
}
