package gatewaytest

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

const (
	// Partitions of a town.
	Partitions = 4
	maxReplay  = 500

	answerEvents = 200
	answerBytes  = 256 << 10
	headsFor     = 5 * time.Second
)

// Town owns rooms, and answers for them. Its faults are for tests to set;
// guard them with Lock while gateways run.
type Town struct {
	t  testing.TB
	nc *nats.Conn

	mu sync.Mutex
	// Epoch is said in all answers.
	epoch uint64
	rooms map[string]*room
	// memberships and changes of late, for heads.
	memberships []membership
	changed     map[string]time.Time
	faults      Faults
	presence    Presence
	commands    map[string]*chatv1.CommandReply // by id
	attempts    int
	revocations []*chatv1.Revocation // in the order of their revisions
	asked       Asked
}

// membership of late, and when it was.
type membership struct {
	*chatv1.Membership
	at time.Time
}

// Asked counts questions to owners, and to history.
type Asked struct {
	Views, Heads, Events int
	// Replays are rooms whose missed events were asked for with their views.
	Replays int
	// Rooms are questions for the rooms of a user, Pages those for messages.
	Rooms, Pages int
}

// Faults are what goes wrong. Each function may be nil.
type Faults struct {
	// Events decides which messages come of one message of events.
	Events func(*chatv1.RoomEvents) []*chatv1.RoomEvents
	// Command tells whether an attempt at a command is answered; it is done
	// either way if done.
	Command func(attempt int) (done, answered bool)
	// Silent heads: none are said.
	SilentHeads bool
	// Heads decides which messages come of one message of heads.
	Heads func(*chatv1.Heads) []*chatv1.Heads
	// Notices are not sent.
	SilentNotices bool
	// Notices decides which messages come of one notice.
	Notices func(*chatv1.Notice) []*chatv1.Notice
	// SilentRevocations are not published.
	SilentRevocations bool
	// Away owners answer that they are: no command is done, no question answered.
	Away bool
	// Question tells whether a question to an owner is answered.
	Question func(*chatv1.Ask) bool
	// Meanwhile is called once an answer to a question for views is made, before
	// it leaves; do does a command as Do does.
	Meanwhile func(do func(user, room string, c *chatv1.Command))
	// NoRooms makes history's store know of no rooms yet.
	NoRooms bool
}

// Start opens a town on a connection that may do everything.
func Start(t testing.TB, nc *nats.Conn) *Town {
	t.Helper()
	town := &Town{
		t: t, nc: nc, epoch: uint64(time.Now().UnixMilli()), rooms: map[string]*room{},
		changed: map[string]time.Time{}, commands: map[string]*chatv1.CommandReply{},
	}
	for _, s := range []struct {
		subject string
		handle  nats.MsgHandler
	}{{subject.AllCommands, town.onCommand}, {subject.AllAsks, town.onAsk}, {subject.HistoryAsk, town.onHistoryAsk}, {subject.PresenceAsk, town.onPresenceAsk}} {
		sub, err := nc.Subscribe(s.subject, s.handle)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = sub.Unsubscribe() })
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	t.Cleanup(func() { close(stop) })
	go town.sayHeads(stop)
	return town
}

// Set changes what goes wrong.
func (w *Town) Set(f Faults) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.faults = f
}

// Renew begins another epoch.
func (w *Town) Renew() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.epoch++
}

// Epoch that is in force.
func (w *Town) Epoch() uint64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.epoch
}

// Attempts at commands that were seen so far.
func (w *Town) Attempts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.attempts
}

// Do does a command as a user, as if another gateway had sent it, and returns
// the head of the room afterwards.
func (w *Town) Do(user, room string, c *chatv1.Command) uint32 {
	w.t.Helper()
	c.Room, c.Actor = room, &chatv1.Actor{User: user, Name: user}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.do(user, room, c)
}

// Asked so far.
func (w *Town) Asked() Asked {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.asked
}

// Head of a room.
func (w *Town) Head(room string) uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.room(room).head()
}

func (w *Town) do(user, room string, c *chatv1.Command) uint32 {
	w.t.Helper()
	c.Room, c.Actor = room, &chatv1.Actor{User: user, Name: user}
	reply := w.decide(c)
	if reply.GetRefusal() != nil || reply.GetResults()[0].GetRefusal() != nil {
		w.t.Errorf("%v by %s: %v", c, user, reply)
	}
	return w.rooms[room].head()
}

// Create makes a room.
func (w *Town) Create(user, room string, kind chatv1.RoomKind, members ...string) {
	w.t.Helper()
	w.Do(user, room, &chatv1.Command{Change: &chatv1.Command_Create{Create: &chatv1.CreateRoom{Name: room, Kind: kind, Members: members}}})
}

// Post sends a message.
func (w *Town) Post(user, room, id, text string) uint32 {
	w.t.Helper()
	return w.Do(user, room, &chatv1.Command{Change: &chatv1.Command_Sends{Sends: &chatv1.Sends{Sends: []*chatv1.Send{{ClientMsgId: id, Text: text}}}}})
}

func (w *Town) room(id string) *room {
	if w.rooms[id] == nil {
		w.rooms[id] = newRoom(id)
	}
	return w.rooms[id]
}

func (w *Town) onCommand(msg *nats.Msg) {
	c := &chatv1.Command{}
	if proto.Unmarshal(msg.Data, c) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attempts++
	if w.faults.Away {
		w.respond(msg, &chatv1.CommandReply{Refusal: away()})
		return
	}
	done, answered := true, true
	if w.faults.Command != nil {
		done, answered = w.faults.Command(w.attempts)
	}
	if !done {
		return
	}
	reply := w.commands[c.GetId()]
	if reply == nil {
		reply = w.decide(c)
		w.commands[c.GetId()] = reply
	}
	if answered {
		w.respond(msg, reply)
	}
}

// decide does a command and publishes what it made.
func (w *Town) decide(c *chatv1.Command) *chatv1.CommandReply {
	reply, made := w.room(c.GetRoom()).decide(c)
	if len(made) == 0 {
		return reply
	}
	w.changed[c.GetRoom()] = time.Now()
	w.publishEvents(&chatv1.RoomEvents{Epoch: w.epoch, Events: made}, c.GetRoom())
	for _, e := range made {
		w.remember(e)
	}
	return reply
}

func (w *Town) publishEvents(m *chatv1.RoomEvents, room string) {
	list := []*chatv1.RoomEvents{m}
	if w.faults.Events != nil {
		list = w.faults.Events(m)
	}
	for _, m := range list {
		w.publish(subject.Events(room), m)
	}
}

// Release publishes events that a fault kept back.
func (w *Town) Release(m *chatv1.RoomEvents) {
	w.publish(subject.Events(m.GetEvents()[0].GetRoom()), m)
}

// remember keeps what heads and notices say of an event.
func (w *Town) remember(e *chatv1.Event) {
	say := func(user string, member bool) {
		w.memberships = append(w.memberships, membership{&chatv1.Membership{User: user, Room: e.GetRoom(), Member: member, Seq: e.GetSeq()}, time.Now()})
		if w.faults.SilentNotices {
			return
		}
		at := &chatv1.NoticeRoom{Room: e.GetRoom(), Seq: e.GetSeq()}
		notice := &chatv1.Notice{User: user, Notice: &chatv1.Notice_Removed{Removed: at}}
		if member {
			notice.Notice = &chatv1.Notice_Entered{Entered: at}
		}
		list := []*chatv1.Notice{notice}
		if w.faults.Notices != nil {
			list = w.faults.Notices(notice)
		}
		for _, notice := range list {
			w.publish(subject.Notices(user), notice)
		}
	}
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Created:
		for user := range w.rooms[e.GetRoom()].members {
			say(user, true)
		}
	case *chatv1.Event_Joined:
		say(e.GetUser(), true)
	case *chatv1.Event_Left:
		say(e.GetUser(), false)
	case *chatv1.Event_Removed:
		say(c.Removed.GetUser(), false)
	}
}

func (w *Town) sayHeads(stop chan struct{}) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-stop:
			return
		case <-tick.C:
			w.headsNow()
		}
	}
}

func (w *Town) headsNow() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults.SilentHeads {
		return
	}
	all := make([]*chatv1.Heads, Partitions)
	for p := range all {
		all[p] = &chatv1.Heads{Epoch: w.epoch}
	}
	for id, at := range w.changed {
		if time.Since(at) < headsFor {
			m := all[subject.Partition(id, Partitions)]
			m.Heads = append(m.Heads, &chatv1.Head{Room: id, Seq: w.rooms[id].head()})
		}
	}
	w.memberships = slices.DeleteFunc(w.memberships, func(m membership) bool { return time.Since(m.at) >= headsFor })
	for _, membership := range w.memberships {
		m := all[subject.Partition(membership.GetRoom(), Partitions)]
		m.Memberships = append(m.Memberships, membership.Membership)
	}
	for p, m := range all {
		list := []*chatv1.Heads{m}
		if w.faults.Heads != nil {
			list = w.faults.Heads(m)
		}
		for _, m := range list {
			w.publish(subject.Heads(p), m)
		}
	}
}

func (w *Town) onAsk(msg *nats.Msg) {
	ask := &chatv1.Ask{}
	if proto.Unmarshal(msg.Data, ask) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.faults.Question != nil && !w.faults.Question(ask) {
		return
	}
	reply := &chatv1.AskReply{Epoch: w.epoch}
	if w.faults.Away {
		reply.Refusal = away()
		w.respond(msg, reply)
		return
	}
	switch q := ask.GetQuestion().(type) {
	case *chatv1.Ask_Views:
		w.asked.Views++
		views := &chatv1.Views{}
		for _, position := range q.Views.GetRooms() {
			if position.After != nil {
				w.asked.Replays++
			}
			views.Views = append(views.Views, w.view(q.Views.GetUser(), position))
		}
		reply.Answer = &chatv1.AskReply_Views{Views: views}
		if meanwhile := w.faults.Meanwhile; meanwhile != nil {
			meanwhile(func(user, room string, c *chatv1.Command) { w.do(user, room, c) })
		}
	case *chatv1.Ask_Heads:
		w.asked.Heads++
		list := &chatv1.HeadList{}
		for _, id := range q.Heads.GetRooms() {
			if w.rooms[id] != nil {
				list.Heads = append(list.Heads, &chatv1.Head{Room: id, Seq: w.rooms[id].head()})
			}
		}
		reply.Answer = &chatv1.AskReply_Heads{Heads: list}
	case *chatv1.Ask_Events:
		w.asked.Events++
		r := w.room(q.Events.GetRoom())
		after := min(int(q.Events.GetAfter()), len(r.events))
		reply.Answer = &chatv1.AskReply_Events{Events: &chatv1.EventList{Events: part(r.events[after:]), Head: r.head()}}
	}
	w.respond(msg, reply)
}

func (w *Town) view(user string, position *chatv1.RoomPosition) *chatv1.View {
	r := w.room(position.GetRoom())
	view := &chatv1.View{Room: r.id}
	if !r.readable(user) {
		view.Refusal = &chatv1.Refusal{Code: chatv1.ErrorCode_NOT_FOUND, Message: "no such room"}
		return view
	}
	view.View = r.view(user)
	if position.After == nil {
		return view
	}
	switch after := position.GetAfter(); {
	case after > r.head():
		view.View.Resume = chatv1.Resume_RESET
	case r.head()-after > maxReplay:
		view.View.Resume = chatv1.Resume_TRUNCATED
	default:
		view.View.Resume = chatv1.Resume_COMPLETE
		view.Events = part(r.events[after:])
	}
	return view
}

// part is as much as one answer holds: the gateway has to come again.
func part(events []*chatv1.Event) []*chatv1.Event {
	bytes := 0
	for n, e := range events {
		if bytes += proto.Size(e); bytes > answerBytes || n == answerEvents {
			return events[:n]
		}
	}
	return events
}

func (w *Town) onHistoryAsk(msg *nats.Msg) {
	ask := &chatv1.HistoryAsk{}
	if proto.Unmarshal(msg.Data, ask) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	reply := &chatv1.HistoryAskReply{}
	switch q := ask.GetQuestion().(type) {
	case *chatv1.HistoryAsk_Deployment:
		reply.Answer = &chatv1.HistoryAskReply_Deployment{Deployment: &chatv1.Deployment{Partitions: Partitions, Epoch: w.epoch}}
	case *chatv1.HistoryAsk_Rooms:
		w.asked.Rooms++
		var ids []string
		for _, id := range slices.Sorted(maps.Keys(w.rooms)) {
			if w.rooms[id].members[q.Rooms.GetUser()] != 0 && !w.faults.NoRooms {
				ids = append(ids, id)
			}
		}
		reply.Answer = &chatv1.HistoryAskReply_Rooms{Rooms: &chatv1.RoomIds{
			Rooms: ids, RevokedBeforeMs: w.revokedBefore(q.Rooms.GetUser()),
		}}
	case *chatv1.HistoryAsk_Revocations:
		reply.Answer = &chatv1.HistoryAskReply_Revocations{Revocations: w.revocationsAfter(q.Revocations)}
	}
	w.respond(msg, reply)
}

func away() *chatv1.Refusal {
	return &chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "another owner is being found"}
}

func (w *Town) respond(msg *nats.Msg, m proto.Message) {
	data, err := proto.Marshal(m)
	if err != nil {
		w.t.Error(err)
		return
	}
	_ = msg.Respond(data)
}

func (w *Town) publish(to string, m proto.Message) {
	data, err := proto.Marshal(m)
	if err != nil {
		w.t.Error(err)
		return
	}
	_ = w.nc.Publish(to, data)
}
