package checker

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// fifo: of one connection's sends into one room, a later one has a later seq.
// One that was refused is sent again later, and so may what followed it be first.
func (r *run) fifo() {
	for _, c := range r.opened {
		last := map[string]uint32{}
		for _, k := range r.sendsOf(c) {
			switch {
			case k.reply == nil:
			case k.reply.Ack == nil:
				delete(last, k.request.Send.Room)
			case k.reply.Ack.Duplicate || k.request.Send.Attempt > 1:
			case k.reply.Ack.Seq <= last[k.request.Send.Room]:
				r.broke(k.of("fifo", k.request.Send.Room, k.reply.Ack.Seq, fmt.Sprintf("what was sent before it has seq %d", last[k.request.Send.Room])))
			default:
				last[k.request.Send.Room] = k.reply.Ack.Seq
			}
		}
	}
}

func (r *run) sendsOf(c *conn) []*call {
	var sends []*call
	for _, k := range c.calls {
		if k.request.Send != nil {
			sends = append(sends, k)
		}
	}
	slices.SortFunc(sends, func(a, b *call) int { return cmp.Compare(a.request.ID, b.request.ID) })
	return sends
}

// moment is when something is asked, or becomes known.
type moment struct {
	at   int64
	call *call // asked
	room string
	seq  uint32 // known
}

// realtime: the log grows in the order in which it was told.
func (r *run) realtime() {
	var moments []moment
	for _, k := range r.calls {
		moments = append(moments, moment{at: k.sent, call: k})
	}
	for _, g := range r.frames {
		if a := g.frame.Ack; a != nil {
			moments = append(moments, moment{at: g.at, room: a.Room, seq: a.Seq})
		}
		if e := g.frame.Event; e != nil {
			moments = append(moments, moment{at: g.at, room: e.Room, seq: e.Seq})
		}
	}
	// What is asked at the moment in which something becomes known may be first.
	slices.SortStableFunc(moments, func(a, b moment) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.seq, b.seq))
	})
	heads := map[string]uint32{}
	for _, m := range moments {
		if m.call == nil {
			heads[m.room] = max(heads[m.room], m.seq)
			continue
		}
		r.after(m.call, heads)
	}
}

// after holds an answer to what was known when it was asked for.
func (r *run) after(k *call, heads map[string]uint32) {
	if k.reply == nil {
		return
	}
	if a := k.reply.Ack; a != nil && !a.Duplicate && a.Seq <= heads[a.Room] {
		r.broke(k.of("realtime", a.Room, a.Seq, fmt.Sprintf("when it was sent, seq %d was known already", heads[a.Room])))
	}
	view := func(v *history.View) {
		if v.Head < heads[v.Room] {
			r.broke(k.of("realtime", v.Room, v.Head, fmt.Sprintf("when this view was asked for, seq %d was known already", heads[v.Room])))
		}
	}
	if k.reply.Welcome != nil {
		for i := range k.reply.Welcome.Rooms {
			view(&k.reply.Welcome.Rooms[i])
		}
	}
	if k.reply.Room != nil {
		view(k.reply.Room)
	}
}
