package gateway

import (
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// handle has a request done. It never waits: what takes time goes to a lane,
// or to a goroutine of its own.
func (s *session) handle(f *clientv1.ClientFrame) {
	if send := f.GetSend(); send != nil {
		s.sendMessage(f.GetId(), send)
		return
	}
	s.gateway.metrics.requests.WithLabelValues(typeOf(f, "request")).Inc()
	if wait, ok := s.mayAsk(f); !ok {
		s.limited(f.GetId(), wait, "too many requests; slow down")
		return
	}
	re := f.GetId()
	switch r := f.GetRequest().(type) {
	case *clientv1.ClientFrame_Hello_:
		s.refuse(re, refusal(chatv1.ErrorCode_BAD_REQUEST, "hello was said already; one is enough"))
		s.blunder()
	case *clientv1.ClientFrame_Ping_:
		s.reply(re, &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Pong_{Pong: &clientv1.ServerFrame_Pong{}}})
	case *clientv1.ClientFrame_Refresh_:
		s.refresh(re, r.Refresh.GetToken())
	case *clientv1.ClientFrame_Status_:
		s.setStatus(re, r.Status)
	case *clientv1.ClientFrame_Typing_:
		s.typing(re, r.Typing)
	case *clientv1.ClientFrame_Signal_:
		s.signal(re, r.Signal)
	case *clientv1.ClientFrame_Watch_:
		s.watch(re, r.Watch)
	case *clientv1.ClientFrame_Unwatch_:
		s.unwatch(re, r.Unwatch.GetRoom())
	default:
		s.handleQuestion(f)
	}
}

// handleQuestion has questions answered; the rest are changes of a room.
func (s *session) handleQuestion(f *clientv1.ClientFrame) {
	re := f.GetId()
	switch r := f.GetRequest().(type) {
	case *clientv1.ClientFrame_Rooms_:
		s.listRooms(re, r.Rooms)
	case *clientv1.ClientFrame_Members_:
		s.listMembers(re, r.Members)
	case *clientv1.ClientFrame_Messages_:
		s.listMessages(re, r.Messages)
	case *clientv1.ClientFrame_Presence_:
		s.askPresence(re, r.Presence.GetRoom())
	case *clientv1.ClientFrame_Search_:
		s.search(re, r.Search)
	default:
		s.handleChange(f)
	}
}

// mayAsk bounds how often requests come. Sends have a bound of their own, and
// pages are bounded by how many are under way; those that are never under way
// (giveKept) come as often as other requests, and then like any page.
func (s *session) mayAsk(f *clientv1.ClientFrame) (wait time.Duration, ok bool) {
	if f.GetMessages() != nil {
		return 0, true
	}
	return s.mayRequest()
}

// pong answers a ping of the WebSocket itself, which counts as a request of
// the session. It may come before the welcome.
func (s *session) pong(data string) error {
	cfg := s.gateway.cfg
	switch {
	case s.limits.requests.take(cfg.RequestsPerSecond, cfg.RequestsBurst, nil):
		s.send(frame.AppendPong(nil, data))
	case !s.limits.refusals.take(refusalsPerSecond, refusalsBurst, nil):
		s.close(closeFlood, "too many pings")
	}
	return nil
}

// ponged takes a pong, asked for or not; too many are a flood like others.
func (s *session) ponged(string) error {
	cfg := s.gateway.cfg
	if !s.limits.requests.take(cfg.RequestsPerSecond, cfg.RequestsBurst, nil) && !s.limits.refusals.take(refusalsPerSecond, refusalsBurst, nil) {
		s.close(closeFlood, "too many pongs")
	}
	return nil
}

// typeOf is the name of what a frame holds, for metrics.
func typeOf(f proto.Message, oneof protoreflect.Name) string {
	m := f.ProtoReflect()
	return m.WhichOneof(m.Descriptor().Oneofs().ByName(oneof)).TextName()
}
