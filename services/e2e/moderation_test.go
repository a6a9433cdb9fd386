package e2e_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// hears waits for an event of a room with this change, and gives it.
func (s *session) hears(room, change string) map[string]any {
	s.t.Helper()
	f := s.await("the event "+change, 0, func(f client.Frame) bool { return f.Event != nil && f.Event.Room == room && changeOf(f)[change] != nil })
	event := changeOf(f)
	body, ok := event[change].(map[string]any)
	if !ok {
		s.t.Fatalf("%s: %v", change, event)
	}
	body["by"] = event["user"]
	return body
}

func changeOf(f client.Frame) map[string]any {
	var frame struct{ Event map[string]any }
	if json.Unmarshal(f.Raw, &frame) != nil {
		return nil
	}
	return frame.Event
}

// TestAdminsModerate: what admins do over gRPC, the room's sessions see as if
// an owner had done it, on every gateway, and it holds at once.
func TestAdminsModerate(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := newCast(t, d, "PRIVATE")
		rooms := dialAdmin(t, d.History, d.AdminToken).Rooms
		ctx := t.Context()

		topic, slow := "by an admin", uint32(0)
		updated, err := rooms.Update(ctx, &historyv1.UpdateRequest{Room: c.room, Topic: &topic, SlowModeSeconds: &slow})
		if err != nil || updated.GetRoom().GetTopic() != topic || updated.GetChange().GetDuplicate() {
			t.Fatalf("%v, %v", updated, err)
		}
		if got := c.member.hears(c.room, "updated"); got["topic"] != topic || got["by"] != "natter" {
			t.Errorf("%v", got)
		}

		added, err := rooms.AddMembers(ctx, &historyv1.AddMembersRequest{Room: c.room, Users: []string{c.outside.user, c.member.user}, Role: chatv1.Role_MODERATOR})
		if err != nil || len(added.GetMembers()) != 2 || added.GetMembers()[0].GetChange().GetDuplicate() || !added.GetMembers()[1].GetChange().GetDuplicate() {
			t.Fatalf("%v, %v", added, err)
		}
		c.outside.await("the room is live for the new member", 0, func(f client.Frame) bool { return f.Room != nil && f.Room.Room == c.room })
		if got := c.owner.hears(c.room, "roleSet"); got == nil {
			t.Error("no role was set")
		}
		members, err := rooms.ListMembers(ctx, &historyv1.ListMembersRequest{Room: c.room})
		roles := map[string]chatv1.Role{}
		for _, m := range members.GetMembers() {
			roles[m.GetUser()] = m.GetRole()
		}
		if err != nil || roles[c.outside.user] != chatv1.Role_MODERATOR || roles[c.member.user] != chatv1.Role_MEMBER {
			t.Errorf("%v, %v", roles, err)
		}

		if _, err := rooms.Mute(ctx, &historyv1.MuteRequest{Room: c.room, User: c.member.user, Until: timeOf(time.Now().Add(time.Hour))}); err != nil {
			t.Fatal(err)
		}
		c.member.refused("send", c.member.message(c.room, "muted"), "FORBIDDEN", "")
		mutes, err := rooms.ListMutes(ctx, &historyv1.ListMutesRequest{Room: c.room})
		if err != nil || len(mutes.GetMutes()) != 1 || mutes.GetMutes()[0].GetUser() != c.member.user || mutes.GetMutes()[0].Until == nil {
			t.Errorf("%v, %v", mutes, err)
		}
		if _, err := rooms.Unmute(ctx, &historyv1.UnmuteRequest{Room: c.room, User: c.member.user}); err != nil {
			t.Fatal(err)
		}
		c.member.send(c.room, "I may speak")

		if _, err := rooms.RemoveMember(ctx, &historyv1.RemoveMemberRequest{Room: c.room, User: c.reader.user, Reason: "a word"}); err != nil {
			t.Fatal(err)
		}
		if gone := c.reader.await("gone", 0, func(f client.Frame) bool { return f.Gone != nil && f.Gone.Room == c.room }).Gone; gone.Reason != "removed" {
			t.Errorf("%+v", gone)
		}

		ban := &historyv1.BanRequest{Room: c.room, User: c.moderator.user, Reason: "spam"}
		for i := range 2 {
			done, err := rooms.Ban(ctx, ban)
			if err != nil || done.GetChange().GetDuplicate() != (i == 1) {
				t.Errorf("ban %d: %v, %v", i, done, err)
			}
		}
		c.moderator.await("gone", 0, func(f client.Frame) bool { return f.Gone != nil && f.Gone.Room == c.room })
		bans, err := rooms.ListBans(ctx, &historyv1.ListBansRequest{Room: c.room})
		if err != nil || fmt.Sprint(bans.GetBans()) != fmt.Sprint([]*historyv1.Sanction{{User: c.moderator.user}}) {
			t.Errorf("%v, %v", bans, err)
		}
		if added, err := rooms.AddMembers(ctx, &historyv1.AddMembersRequest{Room: c.room, Users: []string{c.moderator.user}}); err != nil || added.GetMembers()[0].GetRefusal().GetCode() != chatv1.ErrorCode_FORBIDDEN {
			t.Errorf("a banned user is added: %v, %v", added, err)
		}
		if _, err := rooms.Unban(ctx, &historyv1.UnbanRequest{Room: c.room, User: c.moderator.user}); err != nil {
			t.Fatal(err)
		}

		// The last owner, whom nobody else can reach.
		if _, err := rooms.SetRole(ctx, &historyv1.SetRoleRequest{Room: c.room, User: c.owner.user, Role: chatv1.Role_MEMBER}); err != nil {
			t.Fatal(err)
		}
		c.owner.refused("updateRoom", M{"room": c.room, "topic": "x"}, "FORBIDDEN", "")

		for i := range 2 {
			done, err := rooms.Delete(ctx, &historyv1.DeleteRequest{Room: c.room})
			if err != nil || done.GetChange().GetDuplicate() != (i == 1) || done.GetChange().GetSeq() == 0 {
				t.Errorf("delete %d: %v, %v", i, done, err)
			}
		}
		c.owner.hears(c.room, "closed")
		c.outside.await("gone", 0, func(f client.Frame) bool { return f.Gone != nil && f.Gone.Room == c.room && f.Gone.Reason == "deleted" })
		if _, err := rooms.Update(ctx, &historyv1.UpdateRequest{Room: c.room, Topic: &topic}); status.Code(err) != codes.FailedPrecondition {
			t.Errorf("a deleted room is changed: %v", err)
		}
	})
}

// TestRoomsOfAUser, page by page, direct ones by whom they are with.
func TestRoomsOfAUser(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		ids := map[string]bool{}
		for range 3 {
			room := unique(t, "room")
			ana.create(room, nil)
			ids[room] = true
		}
		ids[ana.view("openDirect", M{"user": bo.user}).Room] = true
		bo.create(unique(t, "others"), nil)
		users := dialAdmin(t, d.History, d.AdminToken).Users
		q := &historyv1.ListRoomsRequest{User: ana.user, Limit: 3}
		natstest.Eventually(t, client.Patience, "the store has all rooms", func() bool {
			all, err := users.ListRooms(t.Context(), &historyv1.ListRoomsRequest{User: ana.user})
			return err == nil && len(all.GetRooms()) == len(ids)
		})
		first, err := users.ListRooms(t.Context(), q)
		if err != nil || len(first.GetRooms()) != 3 || first.GetCursor() == "" {
			t.Fatalf("%v, %v", first, err)
		}
		q.Cursor = first.GetCursor()
		second, err := users.ListRooms(t.Context(), q)
		if err != nil || len(second.GetRooms()) != 1 || second.GetCursor() != "" {
			t.Fatalf("%v, %v", second, err)
		}
		for _, r := range append(first.GetRooms(), second.GetRooms()...) {
			if !ids[r.GetRoom()] || r.GetRole() == chatv1.Role_ROLE_UNSPECIFIED {
				t.Errorf("%v", r)
			}
			if r.GetKind() == chatv1.RoomKind_DIRECT && r.GetName() != bo.user {
				t.Errorf("the direct room is called %q", r.GetName())
			}
			delete(ids, r.GetRoom())
		}
		if len(ids) > 0 {
			t.Errorf("not listed: %v", ids)
		}
	})
}

// TestFollow: what was, then what comes, each once, to the room's end.
func TestFollow(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, room := enter(t, d, 0, unique(t, "ana")), unique(t, "room")
		ana.create(room, nil)
		ana.send(room, "before")
		history := dialAdmin(t, d.History, d.AdminToken)
		stream, err := history.Messages.Follow(t.Context(), &historyv1.FollowRequest{Room: room})
		if err != nil {
			t.Fatal(err)
		}
		last := uint32(0)
		until := func(head uint32) {
			t.Helper()
			for last < head {
				next, err := stream.Recv()
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range next.GetEvents() {
					if last++; e.GetSeq() != last {
						t.Fatalf("seq %d came, want %d", e.GetSeq(), last)
					}
				}
			}
		}
		until(2)
		until(ana.send(room, "live").Seq)
		until(ana.ack("deleteRoom", M{"room": room}).Seq)
		if _, err := stream.Recv(); err == nil || err.Error() != "EOF" {
			t.Errorf("after the room's end: %v", err)
		}
		service, err := dialAdmin(t, d.History, d.ServiceToken).Messages.Follow(t.Context(), &historyv1.FollowRequest{Room: room})
		if err == nil {
			_, err = service.Recv()
		}
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("a service follows: %v", err)
		}
	})
}
