package gateway

import (
	"fmt"
	"strings"
	"testing"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

func is(user string, state clientv1.PresenceState) *userPresence {
	return &userPresence{User: user, State: state}
}

// crowd is so many users who are online.
func crowd(n int) []*userPresence {
	all := make([]*userPresence, n)
	for i := range all {
		all[i] = is(fmt.Sprintf("user%04d", i), clientv1.PresenceState_ONLINE)
	}
	return all
}

func shownAs(users []*userPresence) string {
	var all []string
	for _, u := range users {
		all = append(all, u.GetUser()+" "+u.GetState().String())
	}
	return strings.Join(all, ", ")
}

func TestFoldOfARoom(t *testing.T) {
	const online, offline, busy = clientv1.PresenceState_ONLINE, clientv1.PresenceState_OFFLINE, clientv1.PresenceState_BUSY
	whole := func(owner string, number uint64, users ...*userPresence) *presencev1.RoomChanges {
		return &presencev1.RoomChanges{Owner: owner, Number: number, Whole: true, Changes: users, Online: uint32(len(users))}
	}
	delta := func(owner string, number uint64, online uint32, users ...*userPresence) *presencev1.RoomChanges {
		return &presencev1.RoomChanges{Owner: owner, Number: number, Changes: users, Online: online}
	}
	big := func(owner string, number uint64, online uint32, users ...*userPresence) *presencev1.RoomChanges {
		c := whole(owner, number, users...)
		c.Online = online
		return c
	}
	tests := []struct {
		name     string
		messages []*presencev1.RoomChanges
		missing  bool
		told     string // by the last
		here     string
	}{
		{"the whole", []*presencev1.RoomChanges{whole("a", 1, is("ana", online))}, false, "ana ONLINE", "ana ONLINE"},
		{"a change", []*presencev1.RoomChanges{whole("a", 1, is("ana", online)), delta("a", 2, 1, is("ana", busy))}, false, "ana BUSY", "ana BUSY"},
		{"a repeat", []*presencev1.RoomChanges{whole("a", 1), delta("a", 2, 1, is("ana", busy)), delta("a", 2, 1, is("ana", busy))}, false, "", "ana BUSY"},
		{"a hole", []*presencev1.RoomChanges{whole("a", 1), delta("a", 3, 1, is("ana", busy))}, true, "", ""},
		{"another owner's", []*presencev1.RoomChanges{whole("a", 1), delta("b", 2, 1, is("ana", busy))}, true, "", ""},
		{"another owner's whole", []*presencev1.RoomChanges{whole("a", 7, is("ana", online), is("bo", busy)), whole("b", 1, is("ana", online))}, false, "bo OFFLINE", "ana ONLINE"},
		{"a late answer", []*presencev1.RoomChanges{whole("a", 1, is("ana", online)), delta("a", 2, 1, is("ana", busy)), whole("a", 1, is("ana", online))}, false, "", "ana BUSY"},
		{"a late answer after a hole", []*presencev1.RoomChanges{whole("a", 1), delta("a", 3, 1, is("ana", busy)), whole("a", 3, is("ana", busy))}, false, "ana BUSY", "ana BUSY"},
		{"a big room's whole tells nobody gone", []*presencev1.RoomChanges{whole("a", 1, is("ana", online)), delta("a", 3, 1), big("a", 3, 501)}, false, "", ""},
		{"of a room that grows nobody is kept who is not told any more", []*presencev1.RoomChanges{whole("a", 1, is("ana", online)), delta("a", 2, 501)}, false, "", ""},
		{"those asked for", []*presencev1.RoomChanges{big("a", 1, 501), big("a", 1, 501, is("ana", busy), is("bo", offline))}, false, "ana BUSY", "ana BUSY"},
		{"a change of one asked for", []*presencev1.RoomChanges{big("a", 1, 501, is("ana", busy)), delta("a", 2, 500+2, is("ana", online))}, false, "ana ONLINE", "ana ONLINE"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := fold{here: map[string]*userPresence{}}
			var told []*userPresence
			var ok bool
			for _, m := range test.messages {
				told, ok = f.apply(m)
			}
			if ok == test.missing || shownAs(told) != test.told {
				t.Errorf("told %q (in order: %v), want %q", shownAs(told), ok, test.told)
			}
			if got := shownAs(f.all()); !test.missing && got != test.here {
				t.Errorf("here are %q, want %q", got, test.here)
			}
		})
	}
}

func TestFoldOfARoomThatIsSmallAgain(t *testing.T) {
	f := fold{here: map[string]*userPresence{}}
	f.apply(&presencev1.RoomChanges{Owner: "a", Number: 1, Whole: true, Online: 501, Changes: crowd(1)})
	told, ok := f.apply(&presencev1.RoomChanges{Owner: "a", Number: 2, Whole: true, Online: 500, Changes: crowd(500)})
	if !ok || len(told) != 499 || len(f.all()) != 500 {
		t.Errorf("told %d, here %d, in order: %v", len(told), len(f.all()), ok)
	}
}
