package history

import (
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

const (
	// headsEvery is how often an owner says how far its rooms go.
	headsEvery = time.Second
	// headsFor is for how long a change is said again, after a take-over longer.
	headsFor         = 5 * time.Second
	headsForTakeOver = 30 * time.Second
	// maxMessage is the most bytes of a message of events or heads.
	maxMessage = 256 << 10
)

// heads remembers what changed lately. It belongs to the writer.
type heads struct {
	rooms       map[string]changed
	memberships []membership
}

type changed struct {
	seq   uint32
	until time.Time
}

type membership struct {
	*chatv1.Membership
	until time.Time
}

func newHeads() *heads { return &heads{rooms: map[string]changed{}} }

// add takes an event that was stored; it is said until a time.
func (h *heads) add(e *chatv1.Event, until time.Time) {
	h.rooms[e.GetRoom()] = changed{seq: e.GetSeq(), until: until}
	for _, m := range membershipsOf(e) {
		h.memberships = append(h.memberships, membership{m, until})
	}
}

// messages are what to say now, each within maxMessage; one at least.
func (h *heads) messages(epoch uint64, now time.Time) []*chatv1.Heads {
	list := []*chatv1.Heads{{Epoch: epoch}}
	size := 0
	room := func(n int) *chatv1.Heads {
		if size += n; size > maxMessage-1024 {
			list, size = append(list, &chatv1.Heads{Epoch: epoch}), n
		}
		return list[len(list)-1]
	}
	for id, c := range h.rooms {
		if now.After(c.until) {
			delete(h.rooms, id)
			continue
		}
		head := &chatv1.Head{Room: id, Seq: c.seq}
		m := room(proto.Size(head) + 4)
		m.Heads = append(m.Heads, head)
	}
	kept := h.memberships[:0]
	for _, c := range h.memberships {
		if now.After(c.until) {
			continue
		}
		kept = append(kept, c)
		m := room(proto.Size(c.Membership) + 4)
		m.Memberships = append(m.Memberships, c.Membership)
	}
	clear(h.memberships[len(kept):])
	h.memberships = kept
	return list
}

// membershipsOf are the comings and goings that an event means.
func membershipsOf(e *chatv1.Event) []*chatv1.Membership {
	of := func(user string, member bool) *chatv1.Membership {
		return &chatv1.Membership{User: user, Room: e.GetRoom(), Member: member, Seq: e.GetSeq()}
	}
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Created:
		var list []*chatv1.Membership
		for _, m := range c.Created.GetMembers() {
			list = append(list, of(m.GetUser(), true))
		}
		return list
	case *chatv1.Event_Joined:
		return []*chatv1.Membership{of(e.GetUser(), true)}
	case *chatv1.Event_Left:
		return []*chatv1.Membership{of(e.GetUser(), false)}
	case *chatv1.Event_Removed:
		return []*chatv1.Membership{of(c.Removed.GetUser(), false)}
	case *chatv1.Event_Erased:
		if c.Erased.GetUser() != "" {
			return []*chatv1.Membership{of(c.Erased.GetUser(), false)}
		}
	}
	return nil
}
