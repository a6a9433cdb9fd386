package gateway

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/direct"
)

// earlyEvents is how many events a feed holds that came before their
// predecessors. The rest of them comes with the repair.
const earlyEvents = 512

// feed is one room with sessions here. Events reach it from NATS and from
// repairs, in any order, with holes and doubles; they leave it by seq, each
// once, and a session that may not see the next one is out before it leaves.
type feed struct {
	room    string
	gateway *Gateway

	mu      sync.Mutex
	closed  bool // the table has let go of it
	started bool // last is known
	last    uint32
	ring    ring
	early   []*entry // rising by seq, all above last+1
	seats   []*seat
	members int // of the room, about
	// kind of the room, and whether it is archived: who may signal depends on it.
	kind     chatv1.RoomKind
	archived bool
	repair   repair
	kept     *keptPage // nil: none is
	// told is the last event that a session here knows of otherwise than by it.
	told atomic.Uint32
	fold *fold // presence; nil until a member is here
	subs []*subscription

	// Guarded by the table's lock.
	pins int       // who works on it
	idle time.Time // since when nobody sat here; zero: somebody does, or did a moment ago
}

// onEvents takes a message of chat.evt.<room>.
func (f *feed) onEvents(msg *nats.Msg, d *dirty) {
	message := &chatv1.RoomEvents{}
	if err := proto.Unmarshal(msg.Data, message); err != nil {
		f.gateway.log.Error("a message of events cannot be read", "room", f.room, "error", err)
		return
	}
	f.onRoomEvents(message, msg.Header, d)
}

// onTold takes a message of the same from this process.
func (f *feed) onTold(msg direct.Message, d *dirty) {
	f.onRoomEvents(msg.Body.(*chatv1.RoomEvents), msg.Header, d)
}

func (f *feed) onRoomEvents(message *chatv1.RoomEvents, header nats.Header, d *dirty) {
	if !f.gateway.deployment.observe(message.GetEpoch()) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.receive(message.GetEvents(), f.gateway.sourceOf(message, header), d)
}

// receive takes events as they come, and delivers what is in order by now.
func (f *feed) receive(events []*chatv1.Event, from source, d *dirty) {
	if f.closed {
		return
	}
	var inOrder []*entry
	for i, e := range events {
		switch {
		case f.started && e.GetSeq() <= f.last:
		case f.started && e.GetSeq() == f.last+1:
			inOrder = append(inOrder, f.advance(from.mark(newEntry(e), i)))
			inOrder = f.catchUp(inOrder)
		default:
			f.hold(from.mark(newEntry(e), i))
		}
	}
	f.deliver(inOrder, d)
	f.checkHole()
}

// advance makes an entry the last one.
func (f *feed) advance(e *entry) *entry {
	f.last = e.seq
	f.ring.add(e)
	if f.kept != nil && f.kept.head < e.seq {
		f.unkeep()
	}
	return e
}

// catchUp takes from the early ones what follows now.
func (f *feed) catchUp(inOrder []*entry) []*entry {
	for len(f.early) > 0 && f.early[0].seq <= f.last+1 {
		if e := f.early[0]; e.seq == f.last+1 {
			inOrder = append(inOrder, f.advance(e))
		} else {
			e.span.End() // a repair was there first
		}
		f.early = f.early[1:]
	}
	return inOrder
}

// hold keeps an entry that came early.
func (f *feed) hold(e *entry) {
	f.repair.expect(e.seq)
	at, there := slices.BinarySearchFunc(f.early, e.seq, func(e *entry, seq uint32) int { return int(int64(e.seq) - int64(seq)) })
	if there || len(f.early) >= earlyEvents {
		e.span.End()
		return
	}
	f.early = slices.Insert(f.early, at, e)
}

// lastSeq is the last event that the feed has.
func (f *feed) lastSeq() uint32 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}

// begin sets where the feed starts, once that is known.
func (f *feed) begin(head uint32, members int, d *dirty) {
	f.started, f.last, f.members = true, head, members
	f.deliver(f.catchUp(nil), d)
	f.checkHole()
}

// deliver hands entries to the seats, those behind a change of who sits there
// after that change was made.
func (f *feed) deliver(entries []*entry, d *dirty) {
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && !turns(entries[n-1].event) {
			n++
		}
		f.fan(entries[:n], d)
		f.turn(entries[n-1].event, d)
		entries = entries[n:]
	}
}

// fan puts entries into the outboxes. The bytes are made once per format.
func (f *feed) fan(entries []*entry, d *dirty) {
	first, last := entries[0].seq, entries[len(entries)-1].seq
	var encoded [frame.Formats]*buffer
	given := 0
	for _, s := range f.seats {
		if s.from >= last {
			continue
		}
		given++
		codec := s.session.codec
		if s.from >= first { // it has a part of them
			d.put(s.session.out(), appendEntries(nil, entries[s.from-first+1:], codec), durable)
			continue
		}
		b := encoded[codec.Format()]
		if b == nil {
			b = f.gateway.buffers.take()
			b.bytes = appendEntries(b.bytes, entries, codec)
			encoded[codec.Format()] = b
		}
		d.put(s.session.out(), b.bytes, durable)
	}
	for _, b := range encoded {
		if b != nil {
			f.gateway.buffers.free(b)
		}
	}
	f.gateway.metrics.deliveries.Add(float64(len(entries) * len(f.seats)))
	d.deliveries.add(entries, given, f.gateway.metrics.delivery)
}
