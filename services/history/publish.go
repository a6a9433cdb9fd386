package history

import (
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// publisher tells the gateways what is stored. It may lose: whoever holds a
// room's last seq notices, by the next event or by heads.
type publisher struct {
	nc *nats.Conn
	// exchange is told of all: a gateway in this process follows events there, and
	// not at NATS. Nil: there is none.
	exchange *direct.Exchange
	log      *slog.Logger
}

// record publishes a record's events, per room and in order. The origins are
// those of the events, one each; nil: they are not known.
func (p publisher) record(epoch uint64, r *chatv1.LogRecord, origins []origin) {
	var order []string
	byRoom := map[string][]told{}
	for i, e := range r.GetEvents() {
		if byRoom[e.GetRoom()] == nil {
			order = append(order, e.GetRoom())
		}
		t := told{event: e}
		if i < len(origins) {
			t.origin = origins[i]
		}
		byRoom[e.GetRoom()] = append(byRoom[e.GetRoom()], t)
	}
	for _, room := range order {
		p.room(epoch, room, byRoom[room])
	}
	for _, e := range r.GetEvents() {
		p.notices(e)
	}
	p.marks(r.GetMarks())
}

// marks publishes read markers, per room.
func (p publisher) marks(marks []*chatv1.Mark) {
	byRoom := map[string]*chatv1.Marks{}
	for _, m := range marks {
		if byRoom[m.GetRoom()] == nil {
			byRoom[m.GetRoom()] = &chatv1.Marks{}
		}
		byRoom[m.GetRoom()].Marks = append(byRoom[m.GetRoom()].Marks, m)
	}
	for room, m := range byRoom {
		p.send(subject.Marks(room), m)
	}
}

// room publishes events of one room, in messages of at most maxMessage.
func (p publisher) room(epoch uint64, room string, events []told) {
	from, size := 0, 0
	for i, e := range events {
		n := proto.Size(e.event) + 16
		if size+n > maxMessage-64 && size > 0 {
			p.events(epoch, room, events[from:i])
			from, size = i, 0
		}
		size += n
	}
	p.events(epoch, room, events[from:])
}

// told is an event with where it comes from.
type told struct {
	event  *chatv1.Event
	origin origin
}

// events publishes one message.
func (p publisher) events(epoch uint64, room string, events []told) {
	message := &chatv1.RoomEvents{Epoch: epoch, Events: make([]*chatv1.Event, len(events))}
	var steps []*tracing.Span
	for i, e := range events {
		message.Events[i] = e.event
		if e.origin.received > 0 && message.ReceivedUs == nil {
			message.ReceivedUs = make([]int64, len(events))
		}
		if message.ReceivedUs != nil {
			message.ReceivedUs[i] = e.origin.received
		}
		if e.origin.span != nil {
			if steps == nil {
				steps = make([]*tracing.Span, len(events))
			}
			steps[i] = e.origin.span.Child(spanPublish, tracing.Producer, time.Now())
		}
	}
	p.sendUnder(tracing.Header(steps), subject.Events(room), message)
	for _, s := range steps {
		s.End()
	}
}

// notices tell users of what happened to them in rooms that may not be live on
// their sessions.
func (p publisher) notices(e *chatv1.Event) {
	for _, m := range membershipsOf(e) {
		if m.GetUser() == e.GetUser() && e.GetCreated() == nil && e.GetJoined().GetBy() == "" {
			continue // by their own request, which has an answer
		}
		at := &chatv1.NoticeRoom{Room: m.GetRoom(), Seq: m.GetSeq()}
		notice := &chatv1.Notice{User: m.GetUser(), Notice: &chatv1.Notice_Removed{Removed: at}}
		if m.GetMember() {
			notice.Notice = &chatv1.Notice_Entered{Entered: at}
		}
		p.send(subject.Notices(m.GetUser()), notice)
	}
}

// heads publishes how far a partition's rooms go.
func (p publisher) heads(partition int, messages []*chatv1.Heads) {
	for _, m := range messages {
		p.send(subject.Heads(partition), m)
	}
}

func (p publisher) send(to string, m proto.Message) { p.sendUnder(nil, to, m) }

func (p publisher) sendUnder(header nats.Header, to string, m proto.Message) {
	if !p.exchange.Tell(direct.Message{Subject: to, Header: header, Body: m}) {
		return
	}
	data, err := proto.Marshal(m)
	if err == nil {
		err = p.nc.PublishMsg(&nats.Msg{Subject: to, Header: header, Data: data})
	}
	if err != nil {
		p.log.Warn("could not publish", "subject", to, "error", err)
	}
}
