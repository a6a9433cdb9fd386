package gateway

import (
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// encode makes a frame ready for the outbox.
func (s *session) encode(f *clientv1.ServerFrame) []byte { return frame.Wrap(s.codec, f) }

// send puts bytes into the outbox, and flushes.
func (s *session) send(frames []byte) {
	if s.out().put(frames, durable) == owed {
		s.out().flush()
	}
}

// say sends one frame.
func (s *session) say(f *clientv1.ServerFrame) {
	s.gateway.metrics.answers.WithLabelValues(typeOf(f, "body")).Inc()
	b := s.gateway.buffers.take()
	defer s.gateway.buffers.free(b)
	b.bytes = frame.AppendWrapped(b.bytes, s.codec, f)
	s.send(b.bytes)
}

// reply answers a request; what the client did not number has no answer.
func (s *session) reply(re uint32, f *clientv1.ServerFrame) {
	if re == 0 {
		return
	}
	f.Re = &re
	s.say(f)
}

func (s *session) ok(re uint32) {
	s.reply(re, &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Ok_{Ok: &clientv1.ServerFrame_Ok{}}})
}

// errorFrame is the answer that a refusal comes to.
func (s *session) errorFrame(re uint32, r *chatv1.Refusal) *clientv1.ServerFrame {
	s.gateway.metrics.byError[r.GetCode()].Inc()
	f := &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Error_{Error: &clientv1.ServerFrame_Error{
		Code: r.GetCode(), Message: r.GetMessage(), Field: r.Field, RetryAfterMs: r.RetryAfterMs,
	}}}
	if re != 0 {
		f.Re = &re
	}
	return f
}

// refuse answers with an error, also where the request has no number.
func (s *session) refuse(re uint32, r *chatv1.Refusal) { s.say(s.errorFrame(re, r)) }

// fault answers a frame that is no request, and ends a session that sends
// nothing else.
func (s *session) fault(f *frame.Fault) {
	s.refuse(f.Re, &chatv1.Refusal{Code: f.Code, Message: f.Message, Field: present(f.Field)})
	s.blunder()
}

// unwelcome answers a request before the welcome.
func (s *session) unwelcome(re uint32) {
	s.refuse(re, refusal(chatv1.ErrorCode_UNAUTHENTICATED, "say hello with a token first"))
	s.blunder()
}

func (s *session) blunder() {
	if s.faults++; s.faults >= badRequestsInARow {
		s.close(closeBadRequests, "ten bad requests in a row")
	}
}

// limited refuses what comes too often; who goes on and on is let go.
func (s *session) limited(re uint32, wait time.Duration, what string) {
	ms := uint32(max(1, wait.Milliseconds()))
	r := refusal(chatv1.ErrorCode_RATE_LIMITED, what)
	r.RetryAfterMs = &ms
	s.refuse(re, r)
	if !s.limits.refusals.take(refusalsPerSecond, refusalsBurst, nil) {
		s.close(closeFlood, "too many requests, again and again")
	}
}

func refusal(code chatv1.ErrorCode, message string) *chatv1.Refusal {
	return &chatv1.Refusal{Code: code, Message: message}
}

func fieldRefusal(code chatv1.ErrorCode, field, message string) *chatv1.Refusal {
	return &chatv1.Refusal{Code: code, Message: message, Field: &field}
}
