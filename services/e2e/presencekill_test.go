package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// changesGoOn is how long after the end of a presence replica the changes of its
// rooms go on at the latest. By design they do after 2.5 s.
const changesGoOn = 3 * time.Second

// TestKilledPresence: of two replicas, one is killed. Changes of its rooms go
// on within three seconds, and none is told twice.
func TestKilledPresence(t *testing.T) {
	d, err := shape.Split().Prepare(shape.Config{Dir: t.TempDir(), Programs: shared.programs, Env: withoutLimits(), Presences: 2})
	if err != nil {
		t.Fatal(err)
	}
	keepLogs(t, d)
	t.Cleanup(func() {
		if err := d.Kill(); err != nil {
			t.Error(err)
		}
	})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	const rooms = 20
	ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
	ids := make([]string, rooms)
	for i := range ids {
		ids[i] = ana.create(fmt.Sprintf("room-%d", i), M{"members": []string{"bo"}}).Room
	}
	for _, room := range ids {
		ana.sees(room, "bo", "ONLINE", 0)
	}
	mark := ana.Mark()
	killed := time.Now()
	if err := d.Process("presence-2").Kill(); err != nil {
		t.Fatal(err)
	}
	bo.ok("status", M{"state": "BUSY"})
	for _, room := range ids {
		ana.sees(room, "bo", "BUSY", mark)
	}
	took := time.Since(killed)
	t.Logf("a change was told in all rooms %s after a replica was killed", took.Round(time.Millisecond))
	if took > changesGoOn {
		t.Errorf("a change took %s to be told in all rooms, more than %s", took, changesGoOn)
	}
	bo.ok("status", M{"state": "ONLINE", "text": "done"})
	for _, room := range ids {
		ana.sees(room, "bo", "ONLINE", mark)
	}
	wait(3 * time.Second) // in which one that is told twice would be
	last := map[string]string{}
	for _, f := range ana.Since(mark) {
		if f.PresenceChange == nil || f.PresenceChange.State("bo") == "" {
			continue
		}
		if now := f.PresenceChange.State("bo"); last[f.PresenceChange.Room] == now {
			t.Errorf("%s: bo was told to be %s twice", f.PresenceChange.Room, now)
		} else {
			last[f.PresenceChange.Room] = now
		}
	}
}
