package natterctl

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

func someRooms() []*chatv1.RoomView {
	return []*chatv1.RoomView{
		{Room: "lobby", Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC, MemberCount: 12, Head: 340},
		{Room: "secret", Name: "evil\n\x1b[31mname", Kind: chatv1.RoomKind_PRIVATE, MemberCount: 2, Head: 5, Archived: true},
	}
}

func TestRoomsList(t *testing.T) {
	f := &fixture{rooms: someRooms()}
	f.serve(t)
	natterctl(t, "rooms", "list").want(t, 0, ""+
		"ROOM    NAME               KIND     MEMBERS  HEAD  ARCHIVED\n"+
		"lobby   Lobby              PUBLIC   12       340   no\n"+
		`secret  evil \x1b[31mname  PRIVATE  2        5     yes`+"\n", "")
	natterctl(t, "rooms", "list", "--limit", "1").want(t, 0, ""+
		"ROOM   NAME   KIND    MEMBERS  HEAD  ARCHIVED\n"+
		"lobby  Lobby  PUBLIC  12       340   no\n",
		"There is more: repeat with --cursor \"1\"\n")
}

func TestRoomsListGathersPages(t *testing.T) {
	f := &fixture{}
	for i := range 250 {
		f.rooms = append(f.rooms, &chatv1.RoomView{Room: fmt.Sprint("room", i)})
	}
	f.serve(t)
	for _, test := range []struct {
		args []string
		want int
	}{{nil, 50}, {[]string{"--limit", "0"}, 250}, {[]string{"--limit", "130"}, 130}, {[]string{"--cursor", "240"}, 10}} {
		r := natterctl(t, append([]string{"rooms", "list", "-o", "json"}, test.args...)...)
		var got struct{ Rooms []struct{ Room string } }
		if err := json.Unmarshal([]byte(r.stdout), &got); err != nil || len(got.Rooms) != test.want || r.exit != 0 {
			t.Errorf("%v: %d rooms, exit %d, %v; want %d", test.args, len(got.Rooms), r.exit, err, test.want)
		}
	}
}

func TestRoomsGet(t *testing.T) {
	f := &fixture{rooms: someRooms()}
	f.serve(t)
	natterctl(t, "rooms", "get", "lobby").want(t, 0, strings.TrimLeft(`
room               lobby
name               Lobby
kind               PUBLIC
topic              -
members            12
head               340
slow mode seconds  0
archived           no
closed             no
created            2001-09-09 01:46:40Z
created by         ana
active             2001-09-09 01:46:40Z
retention          for ever (the server's)
`, "\n"), "")
	natterctl(t, "rooms", "get", "nowhere").want(t, 1, "",
		"natterctl: NOT_FOUND (room): there is no such room\nNext: see what is there: natterctl room list\n")
}

func TestRoomsCreate(t *testing.T) {
	f := &fixture{}
	f.serve(t)
	r := natterctl(t, "rooms", "create", "Team room", "--owner", "ana", "--kind", "private", "--member", "ben,x", "--member", "cem", "--id", "team", "--topic", "work")
	if r.exit != 0 || !strings.Contains(r.stdout, "kind               PRIVATE\n") || !strings.Contains(r.stdout, "members            3\n") {
		t.Errorf("exit %d, printed:\n%s%s", r.exit, r.stdout, r.stderr)
	}
	c := f.created
	if c.Room != "team" || c.Name != "Team room" || c.Owner != "ana" || c.Topic != "work" || c.Kind != chatv1.RoomKind_PRIVATE || !slices.Equal(c.Members, []string{"ben,x", "cem"}) {
		t.Errorf("asked for %v", c)
	}
}

func TestRoomsMembers(t *testing.T) {
	f := &fixture{members: []*chatv1.Member{
		{User: "ana", Name: "Ana", Role: chatv1.Role_OWNER, JoinedSeq: 1, ReadSeq: 340},
		{User: "guest:x1", Name: "Gast", Role: chatv1.Role_MEMBER, JoinedSeq: 9},
	}}
	f.serve(t)
	natterctl(t, "rooms", "members", "lobby").want(t, 0, strings.TrimLeft(`
USER      NAME  ROLE    JOINED  READ
ana       Ana   OWNER   1       340
guest:x1  Gast  MEMBER  9       0
`, "\n"), "")
}

func TestRoomsCreateIfMissing(t *testing.T) {
	(&fixture{refusal: rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_CONFLICT, Message: "taken"})}).serve(t)
	natterctl(t, "rooms", "create", "--id", "lobby", "--if-missing", "Lobby").want(t, 0, "lobby is there, or was: nothing is done.\n", "")
	(&fixture{refusal: rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_FORBIDDEN, Message: "no"})}).serve(t)
	if r := natterctl(t, "rooms", "create", "--id", "lobby", "--if-missing", "Lobby"); r.exit != 1 {
		t.Errorf("another refusal ends with %d", r.exit)
	}
}
