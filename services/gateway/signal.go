package gateway

import (
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// signal passes an application's own event to the room's live sessions, its
// sender's too.
func (s *session) signal(re uint32, r *clientv1.ClientFrame_Signal) {
	if _, refused := s.memberSeat(r.GetRoom()); refused != nil {
		s.refuse(re, refused)
		return
	}
	var wait time.Duration
	perSecond := s.gateway.cfg.SignalsPerSecond
	if !s.limits.signals.take(perSecond, perSecond, &wait) {
		if re != 0 {
			s.limited(re, wait, "too many signals; slow down")
		}
		return
	}
	s.gateway.publish(subject.Signal(r.GetRoom()), &chatv1.Signal{Room: r.GetRoom(), User: s.user.id, Name: r.GetName(), Data: r.GetData()})
	s.ok(re)
}

// onSignal takes a message of chat.signal.<room>.
func (f *feed) onSignal(msg *nats.Msg, d *dirty) {
	m := &chatv1.Signal{}
	if proto.Unmarshal(msg.Data, m) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass(d, &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Signal_{
		Signal: &clientv1.ServerFrame_Signal{Room: f.room, User: m.GetUser(), Name: m.GetName(), Data: m.GetData()},
	}}, func(*seat) bool { return true })
}

// pass gives a passing frame to some of the seats, encoded once per format.
// The feed is locked.
func (f *feed) pass(d *dirty, message *clientv1.ServerFrame, to func(*seat) bool) {
	frames := framesOf(message)
	for _, s := range f.seats {
		if s.from == paused || !to(s) {
			continue
		}
		if !d.put(s.session.out(), frames.in(s.session.codec), ephemeral) {
			f.gateway.metrics.shedEphemeral.Inc()
		}
	}
}
