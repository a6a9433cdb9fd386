package gateway

import (
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/internal/tracing"
)

const (
	sendsPerCommand = 64
	// sendsBytes bounds the sends of one command, well below what NATS takes.
	sendsBytes = 256 << 10
)

// job is one request that concerns a room, in its turn.
type job struct {
	re uint32
	// asked is when it came, for the deadline of its command: what waits behind
	// a command without an answer must not wait for as long again.
	asked time.Time
	// span of its trace; nil: it is not traced.
	span *tracing.Span
	// send is a message; those that wait one behind another go together.
	send *clientv1.ClientFrame_Send
	// work is anything else. It calls next when the lane may go on; not before
	// its answer is in the outbox.
	work func(asked time.Time, next func())
}

// lane is the order of one session's requests for one room: one at a time, in
// the order in which they came. It is there while one is under way, and is
// guarded by the session's lock.
type lane struct {
	session *session
	room    string
	waiting []job
}

// enqueue has a request done in its turn. It is refused where too many wait.
func (s *session) enqueue(room string, j job) (taken bool) {
	j.asked = time.Now()
	s.mu.Lock()
	if s.ended.Load() || s.gateway.finishing.Load() {
		s.mu.Unlock()
		drop([]job{j})
		return false
	}
	l := s.laneOf(room)
	if l == nil {
		l = &lane{session: s, room: room}
		s.lanes = append(s.lanes, l)
		hold := j.send != nil && s.socket.more()
		if hold {
			l.waiting = append(l.waiting, j)
			s.held = append(s.held, l)
		}
		s.mu.Unlock()
		if !hold {
			l.do([]job{j})
		}
		return true
	}
	waiting := len(l.waiting)
	full := waiting >= waitingInLane
	if !full {
		l.waiting = append(l.waiting, j)
	}
	s.mu.Unlock()
	if j.send != nil && waiting+1 >= sendsPerCommand {
		s.letGo()
	}
	if full {
		drop([]job{j})
	}
	if full && j.re != 0 { // what nobody asked for comes again by itself
		s.limited(j.re, backoffMost, "too many requests wait for this room already")
	}
	return !full
}

// letGo begins the lanes that the reader held: of what came together, messages of
// one room go together. It does so before it waits, and before it ends.
func (s *session) letGo() {
	held := s.held
	s.held = nil
	for _, l := range held {
		l.next()
	}
}

func (s *session) laneOf(room string) *lane {
	for _, l := range s.lanes {
		if l.room == room {
			return l
		}
	}
	return nil
}

// next goes on with what waits, or ends the lane.
func (l *lane) next() {
	if jobs := l.take(); len(jobs) > 0 {
		l.do(jobs)
	}
}

func (l *lane) do(jobs []job) {
	if jobs[0].send != nil {
		l.sends(jobs)
		return
	}
	jobs[0].work(jobs[0].asked, l.next)
}

// take takes the next job, or the sends that come next. What a session that
// has ended left behind is dropped: its successor sends it again.
func (l *lane) take() []job {
	s := l.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(l.waiting) == 0 || s.ended.Load() || s.gateway.finishing.Load() {
		drop(l.waiting)
		s.lanes = slices.DeleteFunc(s.lanes, func(other *lane) bool { return other == l })
		return nil
	}
	n, size := 1, sendSize(l.waiting[0])
	for n < len(l.waiting) && n < sendsPerCommand && l.waiting[0].send != nil && l.waiting[n].send != nil {
		if size += sendSize(l.waiting[n]); size > sendsBytes {
			break
		}
		n++
	}
	jobs := l.waiting[:n:n]
	l.waiting = l.waiting[n:]
	return jobs
}

func sendSize(j job) int {
	size := len(j.send.GetText()) + 128
	if data := j.send.GetData(); data != nil {
		size += proto.Size(data)
	}
	return size
}

// sends is one command of one or more messages.
func (l *lane) sends(jobs []job) {
	sends := make([]*chatv1.Send, len(jobs))
	for i, j := range jobs {
		sends[i] = &chatv1.Send{
			ClientMsgId: j.send.GetClientMsgId(), Text: j.send.GetText(), Data: j.send.GetData(),
			ReplyTo: j.send.ReplyTo, Thread: j.send.Thread, Attempt: j.send.GetAttempt(),
			ReceivedUs: j.asked.UnixMicro(),
		}
	}
	command := l.session.command(l.room)
	command.Change = &chatv1.Command_Sends{Sends: &chatv1.Sends{Sends: sends}}
	l.session.gateway.metrics.sendsPer.Observe(float64(len(jobs)))
	l.session.gateway.submit(command, jobs[0].asked, spans(jobs), func(reply *chatv1.CommandReply, d *dirty) {
		l.session.acks(l.room, jobs, reply, d)
		l.next()
	})
}

// command is a new command of the session's, without its change.
func (s *session) command(room string) *chatv1.Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counted++
	id := make([]byte, 0, 64)
	id = append(id, s.gateway.instance...)
	id = strconv.AppendUint(append(id, '-'), s.serial, 36)
	id = strconv.AppendUint(append(id, '-'), s.counted, 36)
	return &chatv1.Command{Id: string(id), Actor: &chatv1.Actor{User: s.user.id, Name: s.name}, Room: room}
}

// submit has a command, asked for at a time before, done by the owner of its
// room. The spans are of the requests that it is made of; nil: none is traced.
func (g *Gateway) submit(command *chatv1.Command, asked time.Time, spans []*tracing.Span, tell answered) {
	var header nats.Header
	if spans != nil {
		header, tell = follow(spans, command, tell)
	}
	g.commands[g.dispatcher.worker(command.GetRoom())].submit(command, header, asked, g.deployment.partition(command.GetRoom()), tell)
}
