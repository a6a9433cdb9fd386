package e2e_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestRoomListTellsWhatIsUnread: a listed room of one's own is what it is when
// it becomes live, with its newest message and what is unread; of others' rooms
// nothing of that is told.
func TestRoomListTellsWhatIsUnread(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, cy := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), enter(t, d, 0, unique(t, "cy"))
		room := unique(t, "room")
		ana.create(room, nil)
		bo.view("join", M{"room": room})
		ana.send(room, "hello")
		last := ana.send(room, "and <@"+bo.user+">").Seq
		direct := ana.view("openDirect", M{"user": bo.user}).Room
		ana.send(direct, "between us")

		listed := func(s *session, query string) *client.View {
			for _, view := range s.do("rooms", M{"query": query}).RoomList.Rooms {
				if view.Room == query {
					return &view
				}
			}
			return nil
		}
		like := func(s *session, room string, unread, mentions uint32, text string) func() bool {
			return func() bool {
				v := listed(s, room)
				return v != nil && v.Unread == unread && v.Mentions == mentions && v.Last != nil && v.Last.Text == text
			}
		}
		natstest.Eventually(t, client.Patience, "bo's list tells what bo has not read", like(bo, room, 2, 1, "and <@"+bo.user+">"))
		natstest.Eventually(t, client.Patience, "ana has read what ana said", like(ana, room, 0, 0, "and <@"+bo.user+">"))
		natstest.Eventually(t, client.Patience, "the direct room is listed", like(bo, direct, 1, 0, "between us"))
		for _, id := range []string{room, direct} {
			want := enter(t, d, 0, bo.user).live(id)
			got := listed(bo, id)
			if got.Name != want.Name || got.Unread != want.Unread || got.Mentions != want.Mentions || got.ReadSeq != want.ReadSeq || got.Last.Seq != want.Last.Seq || got.Head != want.Head {
				t.Errorf("%s is listed as %+v, and live as %+v", id, got, want)
			}
		}
		natstest.Eventually(t, client.Patience, "cy sees the open room", func() bool { return listed(cy, room) != nil })
		if v := listed(cy, room); v.Last != nil || v.Unread != 0 || v.Mentions != 0 {
			t.Errorf("to who is no member the room is %+v", v)
		}
		bo.ok("read", M{"room": room, "seq": last})
		natstest.Eventually(t, client.Patience, "what bo has read is not unread", like(bo, room, 0, 0, "and <@"+bo.user+">"))
	})
}
