package gateway

import (
	"context"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// change has one change of a room made, in its turn. The answer is an ack.
func (s *session) change(re uint32, room string, set func(*chatv1.Command)) {
	s.decided(re, room, set, func(reply *chatv1.CommandReply, d *dirty, next func()) {
		if result, refused := outcomeOf(reply, 0); refused == nil {
			s.told(room, result.GetSeq())
		}
		d.put(s.out(), s.encode(s.ack(re, room, reply, 0)), durable)
		next()
	})
}

// changeThenEnter has a change made that lets the user into the room. The
// answer is the room, which is live then.
func (s *session) changeThenEnter(re uint32, room string, set func(*chatv1.Command)) {
	if !s.hasRoomFor(room) { // rather than change it and then not show it
		s.refuse(re, errTooManyRooms.Refusal)
		return
	}
	s.decided(re, room, set, func(reply *chatv1.CommandReply, d *dirty, next func()) {
		if _, r := outcomeOf(reply, 0); r != nil {
			d.put(s.out(), s.encode(s.errorFrame(re, r)), durable)
			next()
			return
		}
		s.gateway.background(func(ctx context.Context) {
			defer next()
			s.admit(ctx, re, room, nil)
			for _, other := range s.gateway.users.sessions(s.user.id) { // those elsewhere learn of it by heads
				other.enter(room)
			}
		})
	})
}

// mark has a change made that is answered by ok.
func (s *session) mark(re uint32, room string, set func(*chatv1.Command)) {
	s.decided(re, room, set, func(reply *chatv1.CommandReply, d *dirty, next func()) {
		answer := &clientv1.ServerFrame{Re: &re, Body: &clientv1.ServerFrame_Ok_{Ok: &clientv1.ServerFrame_Ok{}}}
		if _, r := outcomeOf(reply, 0); r != nil {
			answer = s.errorFrame(re, r)
		}
		d.put(s.out(), s.encode(answer), durable)
		next()
	})
}

// decided has a command decided, in its turn.
func (s *session) decided(re uint32, room string, set func(*chatv1.Command), tell func(*chatv1.CommandReply, *dirty, func())) {
	span := s.gateway.traceOf()
	s.enqueue(room, job{re: re, span: span, work: func(asked time.Time, next func()) {
		command := s.command(room)
		set(command)
		s.gateway.submit(command, asked, one(span), func(reply *chatv1.CommandReply, d *dirty) {
			tell(reply, d, next)
			_, refused := outcomeOf(reply, 0)
			s.gateway.metrics.took(typeOf(command, "change"), refused.GetCode(), asked)
		})
	}})
}
