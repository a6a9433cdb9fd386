package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

func TestPages(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room}) // seq 2: no message
		for i := range 20 {
			ana.send(room, fmt.Sprint(i+3)) // each says its seq
		}
		bo.reach(room, 22) // a page has what the connection was told, at least
		for _, c := range []struct {
			ask           M
			first, last   uint32
			before, after bool
		}{
			{M{}, 3, 22, false, false},
			{M{"limit": 5}, 18, 22, true, false},
			{M{"limit": 20}, 3, 22, false, false},
			{M{"limit": 100}, 3, 22, false, false},
			{M{"before": 18, "limit": 5}, 13, 17, true, true},
			{M{"before": 8, "limit": 5}, 3, 7, false, true},
			{M{"before": 5}, 3, 4, false, true},
			{M{"before": 4_000_000_000, "limit": 1}, 22, 22, true, false},
			{M{"after": 1, "limit": 5}, 3, 7, false, true},
			{M{"after": 10, "limit": 5}, 11, 15, true, true},
			{M{"after": 20, "limit": 5}, 21, 22, true, false},
			{M{"after": 0, "limit": 2}, 3, 4, false, true},
			{M{"around": 12, "limit": 5}, 10, 14, true, true},
			{M{"around": 3, "limit": 5}, 3, 0, false, true},
			{M{"around": 22, "limit": 5}, 0, 22, true, false},
		} {
			check(t, fmt.Sprint(c.ask), bo.page(with(c.ask, M{"room": room})), c.first, c.last, c.before, c.after)
		}
		for _, ask := range []M{{"before": 1}, {"before": 3}, {"after": 22}, {"after": 4_000_000_000}} {
			if page := bo.page(with(ask, M{"room": room})); len(page.Messages) != 0 {
				t.Errorf("%v gives %+v", ask, page)
			}
		}
		bo.refused("messages", M{"room": room, "limit": 0}, "BAD_REQUEST", "limit")
		bo.refused("messages", M{"room": room, "limit": 101}, "BAD_REQUEST", "limit")
		bo.refused("messages", M{"room": room, "before": 5, "after": 2}, "BAD_REQUEST", "")
		bo.refused("messages", M{"room": room, "around": 5, "after": 2}, "BAD_REQUEST", "")
	})
}

// check holds a page to its first and last seq (0: any), rising by one: the
// room has nothing but messages there.
func check(t *testing.T, ask string, page *client.Page, first, last uint32, before, after bool) {
	t.Helper()
	seqs := make([]uint32, len(page.Messages))
	for i, message := range page.Messages {
		seqs[i] = message.Seq
		if message.Text != fmt.Sprint(message.Seq) || i > 0 && seqs[i] != seqs[i-1]+1 {
			t.Errorf("%s gives %d %q after %v", ask, message.Seq, message.Text, seqs[:i])
		}
	}
	if len(seqs) == 0 || first != 0 && seqs[0] != first || last != 0 && seqs[len(seqs)-1] != last {
		t.Errorf("%s gives %v, not %d to %d", ask, seqs, first, last)
	}
	if page.HasBefore != before || page.HasAfter != after {
		t.Errorf("%s says hasBefore %t, hasAfter %t", ask, page.HasBefore, page.HasAfter)
	}
}

// TestReadYourWrites: what was acked is in the next page, over any gateway.
func TestReadYourWrites(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		for range 50 {
			seq := ana.send(room, "x").Seq
			page := ana.page(M{"room": room, "limit": 1})
			if len(page.Messages) != 1 || page.Messages[0].Seq != seq {
				t.Fatalf("after the ack of %d the newest message is %+v", seq, page.Messages)
			}
		}
	})
}

func TestRoomList(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		key := unique(t, "key")
		want := []string{}
		for i := range 5 {
			room := unique(t, fmt.Sprint("room-", i))
			ana.create(room, M{"name": fmt.Sprintf("%s %d", key, i)})
			want = append(want, room)
		}
		own := unique(t, "room-own")
		ana.create(own, M{"name": key + " own", "kind": "PRIVATE"})

		natstest.Eventually(t, client.Patience, "all rooms are listed", func() bool {
			return len(ana.do("rooms", M{"query": key}).RoomList.Rooms) == 6
		})
		seen := list(t, bo, M{"query": key, "limit": 2}, 3)
		slices.Sort(seen)
		if !slices.Equal(seen, want) {
			t.Errorf("bo finds %v, not %v", seen, want)
		}
		mine := list(t, ana, M{"query": key, "limit": 100}, 1)
		slices.Sort(mine)
		if !slices.Contains(mine, own) || len(mine) != 6 {
			t.Errorf("ana finds %v", mine)
		}
		bo.refused("rooms", M{"limit": 0}, "BAD_REQUEST", "limit")
		bo.refused("rooms", M{"limit": 101}, "BAD_REQUEST", "limit")
		for _, cursor := range []string{"' OR 1=1 --", "", "\\", strings.Repeat("c", 1000), "AAAA"} { // made up, it may end the list or be refused
			if reply := bo.do("rooms", M{"cursor": cursor}); reply.RoomList == nil && (reply.Error == nil || reply.Error.Code != "BAD_REQUEST") {
				t.Errorf("the cursor %q is answered with %s", cursor, reply)
			}
		}
		for _, query := range []string{"%", "_", "*", "' OR 1=1 --", "\\", "\""} {
			if got := list(t, bo, M{"query": query + key}, 1); len(got) != 0 {
				t.Errorf("the query %q finds %v", query+key, got)
			}
		}
	})
}

// list follows the cursors over exactly so many pages.
func list(t *testing.T, s *session, ask M, pages int) []string {
	t.Helper()
	rooms := []string{}
	for page := 1; ; page++ {
		reply := s.do("rooms", ask)
		if reply.RoomList == nil {
			s.unexpected("rooms", ask, reply)
		}
		for _, view := range reply.RoomList.Rooms {
			rooms = append(rooms, view.Room)
		}
		switch cursor := reply.RoomList.Cursor; {
		case cursor == nil && page == pages:
			return rooms
		case cursor == nil || page == pages:
			t.Fatalf("page %d of %d for %v has the cursor %v: %s", page, pages, ask, cursor, reply)
		default:
			ask = with(ask, M{"cursor": *cursor})
		}
	}
}
