package gateway

import (
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// acks answers the messages of one command, in their order.
func (s *session) acks(room string, jobs []job, reply *chatv1.CommandReply, d *dirty) {
	b := s.gateway.buffers.take()
	defer s.gateway.buffers.free(b)
	now, last := time.Now(), uint32(0)
	for i, j := range jobs {
		if result, refused := outcomeOf(reply, i); refused != nil {
			s.gateway.metrics.took("sends", refused.GetCode(), j.asked)
		} else {
			last = max(last, result.GetSeq())
			s.gateway.metrics.sendSeconds.Observe(now.Sub(j.asked).Seconds())
		}
		b.bytes = frame.AppendWrapped(b.bytes, s.codec, s.ack(j.re, room, reply, i))
	}
	s.told(room, last)
	s.gateway.metrics.acks.Add(float64(len(jobs)))
	d.put(s.out(), b.bytes, durable)
}

// ack is the answer to one change of a command.
func (s *session) ack(re uint32, room string, reply *chatv1.CommandReply, i int) *clientv1.ServerFrame {
	result, r := outcomeOf(reply, i)
	if r != nil {
		return s.errorFrame(re, r)
	}
	return &clientv1.ServerFrame{Re: &re, Body: &clientv1.ServerFrame_Ack_{Ack: &clientv1.ServerFrame_Ack{
		Room: room, Seq: result.GetSeq(), Time: millis(result.GetTimeMs()),
		Duplicate: result.GetDuplicate(), Durability: reply.GetDurability(),
	}}}
}

// outcomeOf is the result of one change, or why there is none. A nil reply
// means that none came in time.
func outcomeOf(reply *chatv1.CommandReply, i int) (*chatv1.Result, *chatv1.Refusal) {
	switch {
	case reply == nil:
		return nil, refusal(chatv1.ErrorCode_UNAVAILABLE, "no answer came in time, so the outcome is unknown; send it again, with the same clientMsgId if it is a message")
	case reply.GetRefusal() != nil:
		return nil, reply.GetRefusal()
	case i >= len(reply.GetResults()):
		return nil, refusal(chatv1.ErrorCode_INTERNAL, "something went wrong on the server; its log says what")
	}
	result := reply.GetResults()[i]
	return result, result.GetRefusal()
}
