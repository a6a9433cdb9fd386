package gateway

import (
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// typing tells a small room that the user writes, at most so often.
func (s *session) typing(re uint32, r *clientv1.ClientFrame_Typing) {
	span := s.traced("typing", r.GetRoom())
	defer span.End()
	seat, refused := s.memberSeat(r.GetRoom())
	if refused == nil && !r.GetStop() {
		refused = seat.feed.refuseMuted(seat, time.Now())
	}
	if refused != nil {
		span.Fail(refused.GetCode().String())
		s.refuse(re, refused)
		return
	}
	now := time.Now().UnixNano()
	if since := time.Duration(now - seat.typed); since < s.gateway.cfg.TypingInterval && !r.GetStop() {
		span.Fail(chatv1.ErrorCode_RATE_LIMITED.String())
		if re != 0 { // what is only passed on is dropped in silence
			s.limited(re, s.gateway.cfg.TypingInterval-since, "typing is told at most once in "+s.gateway.cfg.TypingInterval.String())
		}
		return
	}
	if !r.GetStop() {
		seat.typed = now
	}
	if seat.feed.small() && !s.gateway.users.hidden(s) {
		s.gateway.publishBelow(span, subject.Typing(r.GetRoom()), &chatv1.Typing{Room: r.GetRoom(), User: s.user.id, Stop: r.GetStop()})
	}
	s.ok(re)
}

// memberSeat is the session's seat in a room of which the user is a member.
func (s *session) memberSeat(room string) (*seat, *chatv1.Refusal) {
	seat := s.seatOf(room)
	if seat == nil {
		return nil, fieldRefusal(chatv1.ErrorCode_NOT_FOUND, "room", "no such room is live on this connection")
	}
	seat.feed.mu.Lock()
	defer seat.feed.mu.Unlock()
	if !seat.member() {
		return nil, fieldRefusal(chatv1.ErrorCode_FORBIDDEN, "room", "join the room first")
	}
	return seat, nil
}

// small tells whether the room is small enough for typing and read marks.
func (f *feed) small() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.members <= smallRoom
}

// onTyping takes a message of chat.typing.<room>.
func (f *feed) onTyping(msg *nats.Msg, d *dirty) {
	t := &chatv1.Typing{}
	if proto.Unmarshal(msg.Data, t) != nil {
		return
	}
	defer f.passed(msg).End()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass(d, &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Typing_{
		Typing: &clientv1.ServerFrame_Typing{Room: f.room, User: t.GetUser(), Stop: t.GetStop()},
	}}, func(s *seat) bool { return s.member() && s.session.user.id != t.GetUser() })
}

// publish tells all gateways something that may be lost.
func (g *Gateway) publish(to string, message proto.Message) { g.publishBelow(nil, to, message) }

// publishBelow is publish for a request that may be traced.
func (g *Gateway) publishBelow(span *tracing.Span, to string, message proto.Message) {
	data, err := proto.Marshal(message)
	switch {
	case err != nil:
	case span == nil:
		err = g.nc.Publish(to, data)
	default:
		err = g.nc.PublishMsg(&nats.Msg{Subject: to, Header: tracing.Header(one(span)), Data: data})
	}
	if err != nil {
		g.log.Debug("could not publish", "subject", to, "error", err)
	}
}
