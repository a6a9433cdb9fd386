package gateway

import (
	"math"
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
	span := s.traced("signal", r.GetRoom())
	defer span.End()
	seat, refused := s.memberSeat(r.GetRoom())
	if refused == nil {
		refused = seat.feed.refuseSignal(seat, time.Now())
	}
	if refused != nil {
		span.Fail(refused.GetCode().String())
		s.refuse(re, refused)
		return
	}
	var wait time.Duration
	perSecond := s.gateway.cfg.SignalsPerSecond
	if !s.limits.signals.take(perSecond, perSecond, &wait) {
		span.Fail(chatv1.ErrorCode_RATE_LIMITED.String())
		if re != 0 {
			s.limited(re, wait, "too many signals; slow down")
		}
		return
	}
	s.gateway.publishBelow(span, subject.Signal(r.GetRoom()), &chatv1.Signal{Room: r.GetRoom(), User: s.user.id, Name: r.GetName(), Data: r.GetData()})
	s.ok(re)
}

// refuseSignal refuses a member who might not send a message now either: what
// a mute or a role keeps from the room, no signal brings into it. The owner is
// not asked, since signals come many times a second; what it would say is known
// from the room's events.
func (f *feed) refuseSignal(s *seat, now time.Time) *chatv1.Refusal {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case s.role == chatv1.Role_READER, f.kind == chatv1.RoomKind_BROADCAST && s.role == chatv1.Role_MEMBER:
		return fieldRefusal(chatv1.ErrorCode_FORBIDDEN, "room", "who may not write in this room may not signal either")
	case f.archived:
		return fieldRefusal(chatv1.ErrorCode_FORBIDDEN, "room", "the room is archived: it can be read, not written")
	}
	return s.refuseMuted(now)
}

// refuseMuted refuses a member who may not write for a while.
func (f *feed) refuseMuted(s *seat, now time.Time) *chatv1.Refusal {
	f.mu.Lock()
	defer f.mu.Unlock()
	return s.refuseMuted(now)
}

func (s *seat) refuseMuted(now time.Time) *chatv1.Refusal {
	if s.muted > now.UnixMilli() {
		return fieldRefusal(chatv1.ErrorCode_FORBIDDEN, "room", "you are muted in this room")
	}
	return nil
}

// mutedUntil is when a mute ends, Unix milliseconds; one without an end never
// does.
func mutedUntil(m *chatv1.Muted) int64 {
	if m.GetUntil() == nil {
		return math.MaxInt64
	}
	return m.GetUntil().AsTime().UnixMilli()
}

// onSignal takes a message of chat.signal.<room>.
func (f *feed) onSignal(msg *nats.Msg, d *dirty) {
	m := &chatv1.Signal{}
	if proto.Unmarshal(msg.Data, m) != nil {
		return
	}
	defer f.passed(msg).End()
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
