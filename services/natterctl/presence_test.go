package natterctl

import (
	"strings"
	"testing"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

func TestPresence(t *testing.T) {
	f := &fixture{here: &presencev1.RoomChanges{Online: 2, Changes: []*clientv1.ServerFrame_UserPresence{
		here("ana", clientv1.PresenceState_ONLINE, ""), here("ben", clientv1.PresenceState_BUSY, "writing"),
	}}}
	f.serve(t)
	natterctl(t, "presence", "room", "lobby").want(t, 0, strings.TrimLeft(`
USER  STATE   TEXT
ana   ONLINE  -
ben   BUSY    writing
`, "\n"), "")
	natterctl(t, "presence", "users", "zoe", "ana").want(t, 0, strings.TrimLeft(`
USER  STATE    TEXT
zoe   OFFLINE  -
ana   ONLINE   -
`, "\n"), "")
}

func TestPresenceOfABigRoom(t *testing.T) {
	f := &fixture{here: &presencev1.RoomChanges{Online: 812}}
	f.serve(t)
	natterctl(t, "presence", "room", "lobby").want(t, 0, "USER  STATE  TEXT\n",
		"812 are online; in a room of this size only their number is told.\n")
}
