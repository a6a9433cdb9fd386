package gateway

import (
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// readMark is what of a session's marks in one room is on its way.
type readMark struct {
	passed  time.Time
	held    uint32 // not passed on yet; 0: none
	waiting bool   // somebody will pass it on
}

// readUpTo raises the user's mark. Whether they are a member is the owner's to
// know.
func (s *session) readUpTo(re uint32, r *clientv1.ClientFrame_Read) {
	seat := s.seatOf(r.GetRoom())
	if seat == nil {
		s.mark(re, r.GetRoom(), s.readChange(r.GetSeq()))
		return
	}
	if now := time.Now(); seat.mayMark(now, r.GetSeq()) {
		s.mark(re, r.GetRoom(), s.readChange(r.GetSeq()))
		return
	}
	s.ok(re)
}

// readChange raises the mark. Whether others are told of it is settled when it
// is passed on.
func (s *session) readChange(seq uint32) func(*chatv1.Command) {
	return func(c *chatv1.Command) {
		c.Change = &chatv1.Command_Read{Read: &chatv1.Read{Seq: seq, Hidden: s.gateway.users.hidden(s)}}
	}
}

// mayMark tells whether a mark may be passed on now. If not, it is held, and
// passed on when its time has come: of those in between, the highest.
func (s *seat) mayMark(now time.Time, seq uint32) bool {
	s.feed.mu.Lock()
	defer s.feed.mu.Unlock()
	since, every := now.Sub(s.read.passed), s.session.gateway.cfg.ReadInterval
	if since >= every && !s.read.waiting {
		s.read.passed = now
		return true
	}
	s.read.held = max(s.read.held, seq)
	if !s.read.waiting {
		s.read.waiting = true
		time.AfterFunc(every-since, s.passMark)
	}
	return false
}

// passMark passes on the mark that was held.
func (s *seat) passMark() {
	s.feed.mu.Lock()
	seq, here := s.read.held, s.index >= 0
	s.read = readMark{passed: time.Now()}
	s.feed.mu.Unlock()
	if here {
		s.session.enqueue(s.feed.room, job{work: func(asked time.Time, next func()) {
			command := s.session.command(s.feed.room)
			s.session.readChange(seq)(command)
			s.session.gateway.submit(command, asked, nil, func(*chatv1.CommandReply, *dirty) { next() })
		}})
	}
}

// onMarks takes a message of chat.mark.<room>. In a big room, and while the user
// is invisible, marks go to the user's own sessions only.
func (f *feed) onMarks(msg *nats.Msg, d *dirty) {
	marks := &chatv1.Marks{}
	if proto.Unmarshal(msg.Data, marks) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range marks.GetMarks() {
		f.pass(d, &clientv1.ServerFrame{Body: &clientv1.ServerFrame_ReadMark_{
			ReadMark: &clientv1.ServerFrame_ReadMark{Room: f.room, User: m.GetUser(), Seq: m.GetSeq()},
		}}, func(s *seat) bool {
			return s.member() && (f.members <= smallRoom && !m.GetHidden() || s.session.user.id == m.GetUser())
		})
	}
}
