package gateway

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// questionTimeout bounds a question with all its attempts, where nothing else
// does.
const questionTimeout = 10 * time.Second

// questions asks the owners of rooms, and any history, about live state. A
// question is asked again until it is answered or its context ends.
type questions struct {
	nc         *nats.Conn
	exchange   *direct.Exchange // nil: all goes by NATS
	deployment *deployment
	timers     sync.Pool // of attempts
}

var errUnavailable = &refused{&chatv1.Refusal{
	Code: chatv1.ErrorCode_UNAVAILABLE, Message: "a part of the server is away; try again in a moment",
}}

// refused is a refusal as an error.
type refused struct{ *chatv1.Refusal }

func (r *refused) Error() string { return fmt.Sprintf("%v: %s", r.GetCode(), r.GetMessage()) }

// refusalOf is what to tell the client of an error.
func refusalOf(err error) *chatv1.Refusal {
	var r *refused
	if errors.As(err, &r) {
		return r.Refusal
	}
	return errUnavailable.Refusal
}

// owner asks the owner of a partition, for questionTimeout at most.
func (q *questions) owner(ctx context.Context, partition int, ask *chatv1.Ask) (*chatv1.AskReply, error) {
	reply := &chatv1.AskReply{}
	err := q.ask(ctx, questionTimeout, subject.Ask(partition), ask, reply, func() *chatv1.Refusal { return reply.GetRefusal() })
	if err != nil {
		return nil, err
	}
	if !q.deployment.observe(reply.GetEpoch()) {
		return nil, fmt.Errorf("answer of an older epoch: %w", errUnavailable)
	}
	return reply, nil
}

// rooms are the rooms of a user, the most lately active first.
func (q *questions) rooms(ctx context.Context, user string, limit int) (*chatv1.RoomIds, error) {
	ask := &chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Rooms{Rooms: &chatv1.AskRooms{User: user, Limit: uint32(limit)}}}
	reply := &chatv1.HistoryAskReply{}
	err := q.ask(ctx, 0, subject.HistoryAsk, ask, reply, func() *chatv1.Refusal { return reply.GetRefusal() })
	return reply.GetRooms(), err
}

// revocations are those of a user, or of all that were written after a
// revision.
func (q *questions) revocations(ctx context.Context, ask *chatv1.AskRevocations) (*chatv1.Revocations, error) {
	reply := &chatv1.HistoryAskReply{}
	err := q.ask(ctx, 0, subject.HistoryAsk, &chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Revocations{Revocations: ask}}, reply,
		func() *chatv1.Refusal { return reply.GetRefusal() })
	return reply.GetRevocations(), err
}

// deploymentNow asks what the deployment is.
func (q *questions) deploymentNow(ctx context.Context) (*chatv1.Deployment, error) {
	ask := &chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Deployment{Deployment: &chatv1.AskDeployment{}}}
	reply := &chatv1.HistoryAskReply{}
	err := q.ask(ctx, 0, subject.HistoryAsk, ask, reply, func() *chatv1.Refusal { return reply.GetRefusal() })
	return reply.GetDeployment(), err
}

// ask makes attempts until one is answered by something else than UNAVAILABLE, or
// a time is over; 0: for as long as ctx lets it.
func (q *questions) ask(ctx context.Context, within time.Duration, to string, ask, reply proto.Message, refusal func() *chatv1.Refusal) error {
	data, err := proto.Marshal(ask)
	if err != nil {
		return fmt.Errorf("ask %s: %w", to, err)
	}
	began := time.Now()
	span := tracing.Of(ctx).Child(spanAsk, tracing.Client, began)
	defer span.End()
	message := &nats.Msg{Subject: to, Header: tracing.Named(tracing.Header(one(span)), tracing.Request(ctx)), Data: data}
	for attempt := 0; ; attempt++ {
		err := q.attempt(ctx, message, reply)
		if err == nil {
			switch r := refusal(); {
			case r == nil:
				return nil
			case r.GetCode() != chatv1.ErrorCode_UNAVAILABLE:
				span.Fail(r.GetCode().String())
				return &refused{r}
			}
		}
		if attempt == 0 && within > 0 { // nearly all have their answer by now, and need none
			var cancel context.CancelFunc
			ctx, cancel = context.WithDeadline(ctx, began.Add(within))
			defer cancel()
		}
		bound := min(backoffMost, backoffLeast<<min(attempt, 10))
		select {
		case <-ctx.Done():
			span.Fail(chatv1.ErrorCode_UNAVAILABLE.String())
			return fmt.Errorf("ask %s: %w (%w)", to, errUnavailable, ctx.Err())
		case <-time.After(bound/2 + rand.N(bound/2)):
		}
	}
}

func (q *questions) attempt(ctx context.Context, ask *nats.Msg, reply proto.Message) error {
	answer := make(chan []byte, 1)
	if q.exchange.Ask(ask.Subject, direct.Request{Header: ask.Header, Data: ask.Data, Respond: func(data []byte) { answer <- data }}) {
		data, err := q.await(ctx, answer)
		if err != nil {
			return err
		}
		return proto.Unmarshal(data, reply)
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	msg, err := q.nc.RequestMsgWithContext(ctx, ask)
	if err != nil {
		return err
	}
	return proto.Unmarshal(msg.Data, reply)
}

// await is what an attempt is answered with. Much of it is there at once.
func (q *questions) await(ctx context.Context, answer <-chan []byte) ([]byte, error) {
	select {
	case data := <-answer:
		return data, nil
	default:
	}
	timer, ok := q.timers.Get().(*time.Timer)
	if ok {
		timer.Reset(attemptTimeout)
	} else {
		timer = time.NewTimer(attemptTimeout)
	}
	defer func() {
		timer.Stop()
		q.timers.Put(timer)
	}()
	select {
	case data := <-answer:
		return data, nil
	case <-timer.C:
		return nil, context.DeadlineExceeded
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
