package history

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestPostAsUser has the user's rights and no more; a bot needs none.
func TestPostAsUser(t *testing.T) {
	r := start(t, natstest.Start(t), t.TempDir())
	conn := r.grpc(usersAdminToken)
	messages, rooms, ctx := historyv1.NewMessagesClient(conn), historyv1.NewRoomsClient(conn), t.Context()
	r.must(create("c1", "lobby", "ana"))
	r.must(join("c2", "lobby", "ben"))
	if _, err := rooms.Create(ctx, &historyv1.CreateRequest{Room: "secret", Name: "Secret", Kind: chatv1.RoomKind_PRIVATE, Owner: "ana"}); err != nil {
		t.Fatal(err)
	}
	ids := 0
	post := func(room, user string, asUser bool) error {
		ids++
		_, err := messages.Post(ctx, &historyv1.PostRequest{Room: room, User: user, ClientMsgId: string(rune('a' + ids)), Text: "hello", AsUser: asUser})
		return err
	}
	refused := func(what string, code codes.Code, err error) {
		t.Helper()
		if status.Code(err) != code {
			t.Errorf("%s: %v, want %v", what, err, code)
		}
	}
	refused("a bot that is no member", codes.OK, post("lobby", "bot", false))
	refused("a bot of a private room", codes.OK, post("secret", "bot", false))
	refused("a member", codes.OK, post("lobby", "ben", true))
	refused("who is no member", codes.PermissionDenied, post("lobby", "eve", true))
	refused("who is no member of a private room", codes.NotFound, post("secret", "eve", true))
	refused("of a room that is not there", codes.NotFound, post("no-such-room", "ben", true))

	if _, err := rooms.Mute(ctx, &historyv1.MuteRequest{Room: "lobby", User: "ben", Until: timestamppb.New(time.Now().Add(time.Hour))}); err != nil {
		t.Fatal(err)
	}
	refused("who is muted", codes.PermissionDenied, post("lobby", "ben", true))
	refused("a bot by the name of who is muted", codes.OK, post("lobby", "ben", false))
	if _, err := rooms.Unmute(ctx, &historyv1.UnmuteRequest{Room: "lobby", User: "ben"}); err != nil {
		t.Fatal(err)
	}
	slow := uint32(600)
	if _, err := rooms.Update(ctx, &historyv1.UpdateRequest{Room: "lobby", SlowModeSeconds: &slow}); err != nil {
		t.Fatal(err)
	}
	refused("the first one in slow mode", codes.OK, post("lobby", "ben", true))
	refused("held up by slow mode", codes.ResourceExhausted, post("lobby", "ben", true))
	refused("an owner in slow mode", codes.OK, post("lobby", "ana", true))
	if _, err := rooms.SetRole(ctx, &historyv1.SetRoleRequest{Room: "lobby", User: "ben", Role: chatv1.Role_READER}); err != nil {
		t.Fatal(err)
	}
	refused("a reader", codes.PermissionDenied, post("lobby", "ben", true))
	if _, err := rooms.Ban(ctx, &historyv1.BanRequest{Room: "lobby", User: "ben"}); err != nil {
		t.Fatal(err)
	}
	refused("who is banned", codes.PermissionDenied, post("lobby", "ben", true))
}

// TestPostAsUserIsCalledAsTheMember, unless the request says how.
func TestPostAsUserIsCalledAsTheMember(t *testing.T) {
	r := start(t, natstest.Start(t), t.TempDir())
	messages := historyv1.NewMessagesClient(r.grpc(usersAdminToken))
	ana := create("c1", "lobby", "ana")
	ana.Actor.Name = "Ana of Kyiv"
	r.must(ana)
	last := uint32(0)
	for _, c := range [][2]string{{"1", ""}, {"2", "Ana, by a bot"}} { // a name that is given is the member's from then on
		id, name := c[0], c[1]
		posted, err := messages.Post(t.Context(), &historyv1.PostRequest{Room: "lobby", User: "ana", Name: name, ClientMsgId: id, Text: id, AsUser: true})
		if err != nil {
			t.Fatal(err)
		}
		last = max(last, posted.GetSeq())
	}
	list, err := messages.List(t.Context(), &historyv1.MessagesListRequest{Room: "lobby", MinSeq: last})
	if err != nil || len(list.GetMessages()) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	for _, m := range list.GetMessages() {
		if want := map[string]string{"1": "Ana of Kyiv", "2": "Ana, by a bot"}[m.GetText()]; m.GetName() != want || m.GetUser() != "ana" {
			t.Errorf("%v, want the name %s", m, want)
		}
	}
}
