package presence

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

func (m *memory) times(user string) (kept int, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.kept {
		if k == user {
			kept++
		}
	}
	return kept, time.UnixMilli(m.users[user])
}

func (g *stage) status(id, user string, state clientv1.PresenceState, ms int64, rooms ...string) {
	g.tell(&presencev1.Session{Session: id, User: user, State: state, Said: state, StatusMs: ms, Rooms: rooms})
}

// TestLastSeen: it is told with the change, kept at most once a minute, by one
// replica, and frozen while the user is invisible.
func TestLastSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.start("a")
		h.start("b")
		g := h.gateway("g")
		time.Sleep(3 * time.Second)
		g.opens("1", "ana", "red")
		g.opens("2", "ben", "red")
		time.Sleep(5 * time.Second)
		h.heard()
		g.status("1", "ana", clientv1.PresenceState_INVISIBLE, 1, "red")
		hidden := time.Now()
		g.ends("2")
		time.Sleep(5 * time.Second)
		told := map[string]time.Time{}
		for _, s := range h.heard() {
			for _, u := range s.message.GetChanges() {
				if lag := s.at.Sub(u.GetLastSeen().AsTime()); u.GetState() != clientv1.PresenceState_OFFLINE || told[u.GetUser()].IsZero() && (lag < 0 || lag > time.Second+window) {
					t.Errorf("%v is told at %v", u, s.at)
				}
				told[u.GetUser()] = u.GetLastSeen().AsTime()
			}
		}
		if d := told["ana"].Sub(hidden); d > 0 || d < -time.Second {
			t.Errorf("ana was last seen %v after she hid", d)
		}
		g.ends("1") // who is invisible goes
		time.Sleep(10 * time.Second)
		for range 5 { // flickers, within a minute
			g.opens("3", "ben", "red")
			time.Sleep(time.Second)
			g.ends("3")
			time.Sleep(4 * time.Second)
		}
		time.Sleep(20 * time.Second)
		if n, _ := h.archive.times("ben"); n != 1 {
			t.Errorf("kept %d times within a minute", n)
		}
		time.Sleep(2 * time.Minute)
		if n, at := h.archive.times("ben"); n != 2 || !at.After(told["ben"]) {
			t.Errorf("kept %d times in all, at last %v", n, at)
		}
		if n, at := h.archive.times("ana"); n != 1 || !at.Equal(told["ana"]) {
			t.Errorf("of one who was invisible when she went, kept %d times, at last %v", n, at)
		}
		h.heard()
		wanted := &presencev1.PresenceAsk{Room: "red", Users: []string{"ana", "ben", "zoe"}}
		h.replicas["a"].box.questions <- question{PresenceAsk: wanted, reply: "inbox"}
		time.Sleep(time.Second)
		said := h.heard()
		if len(said) != 1 || len(said[0].message.GetChanges()) != 3 || !said[0].message.GetChanges()[0].GetLastSeen().AsTime().Equal(told["ana"]) ||
			said[0].message.GetChanges()[2].GetLastSeen() != nil {
			t.Errorf("asked for three who are not here: %v", said)
		}
	})
}

func TestLastSeenIsAsExactAsSet(t *testing.T) {
	at := time.Date(2026, 3, 4, 5, 6, 7, 8e6, time.UTC)
	for setting, want := range map[string]string{lastSeenExact: "05:06:07.000", lastSeenCoarse: "05:00:00.000", lastSeenOff: ""} {
		m := &memory{ctx: t.Context(), users: map[string]int64{}}
		b := newSeenBook(setting, m)
		b.real = at
		b.gone("ana")
		got := ""
		if seen := b.told("ana"); seen != nil {
			got = seen.AsTime().Format("15:04:05.000")
		}
		if got != want {
			t.Errorf("%s: told %q, want %q", setting, got, want)
		}
		done := make(chan bool, 1)
		b.archive = archiveOf{"ben": at}
		users := []*clientv1.ServerFrame_UserPresence{{User: "ben", State: clientv1.PresenceState_OFFLINE}}
		b.complete(users, func() { done <- true })
		<-done
		if users[0].LastSeen != nil {
			got = users[0].LastSeen.AsTime().Format("15:04:05.000")
		}
		if got != want {
			t.Errorf("%s: of what was kept, told %q, want %q", setting, got, want)
		}
	}
	if _, err := (Config{LastSeen: "often"}).withDefaults(); err == nil {
		t.Error("a setting that there is not was taken")
	}
}

// archiveOf answers at once.
type archiveOf map[string]time.Time

func (a archiveOf) keep(_ []*chatv1.Seen, then func(bool)) { then(true) }

func (a archiveOf) lastSeen(users []string, then func([]*chatv1.Seen)) {
	var seen []*chatv1.Seen
	for _, user := range users {
		seen = append(seen, &chatv1.Seen{User: user, TimeMs: a[user].UnixMilli()})
	}
	then(seen)
}

// TestLateStatusIsToldAgain: a gateway that missed what a user said hears it,
// from one replica.
func TestLateStatusIsToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.start("a")
		h.start("b")
		g, other := h.gateway("g"), h.gateway("other")
		time.Sleep(3 * time.Second)
		g.opens("1", "ana", "red")
		other.opens("2", "ana", "red")
		time.Sleep(3 * time.Second)
		g.status("1", "ana", clientv1.PresenceState_INVISIBLE, 7, "red")
		time.Sleep(3 * time.Second)
		synctest.Wait()
		h.mu.Lock()
		told := h.others
		h.others = nil
		h.mu.Unlock()
		if len(told) < 1 || len(told) > 3 {
			t.Fatalf("told %v", told)
		}
		for _, o := range told {
			n := o.message.(*chatv1.Notice).GetStatus()
			if o.subject != subject.Notices("ana") || n.GetStatusMs() != 7 || n.GetState() != uint32(clientv1.PresenceState_INVISIBLE) {
				t.Errorf("told %v", o)
			}
		}
		other.status("2", "ana", clientv1.PresenceState_INVISIBLE, 7, "red")
		time.Sleep(time.Second)
		h.mu.Lock()
		h.others = nil
		h.mu.Unlock()
		time.Sleep(10 * time.Second)
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.others) > 0 {
			t.Errorf("told %v, which all know", h.others)
		}
	})
}

// TestWantedInABigRoom: a gateway is told of those whom it asked for.
func TestWantedInABigRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHall(t)
		h.start("r")
		g := h.gateway("g")
		time.Sleep(3 * time.Second)
		for i := range 600 {
			g.opens(fmt.Sprint(i), fmt.Sprintf("user%03d", i), "red")
		}
		time.Sleep(3 * time.Second)
		h.heard()
		h.replicas["r"].box.questions <- question{PresenceAsk: &presencev1.PresenceAsk{
			Room: "red", Gateway: "g", Users: []string{"user001", "user002", "zoe"},
		}, reply: "inbox"}
		time.Sleep(time.Second)
		said := h.heard()
		if len(said) != 1 || users(said[0].message) != "user001+ user002+ zoe-" || said[0].message.GetOnline() != 600 {
			t.Fatalf("answered %v", said)
		}
		for i := range 3 {
			g.status(fmt.Sprint(i), fmt.Sprintf("user%03d", i), clientv1.PresenceState_BUSY, 1, "red")
		}
		time.Sleep(2 * window)
		var got []string
		for _, s := range h.heard() {
			got = append(got, users(s.message))
		}
		if !slices.Equal(got, []string{"user001+ user002+"}) {
			t.Errorf("told %v, want those asked for", got)
		}
		g.mu.Lock()
		g.silent = true
		g.mu.Unlock()
	})
}
