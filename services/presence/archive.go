package presence

import (
	"context"
	"errors"
	"sync"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// lookupsAtOnce is how many questions to history are under way; beyond it none
// is asked.
const lookupsAtOnce = 64

// remote is [archive] over NATS: any history replica answers.
type remote struct {
	ctx     context.Context
	service *Service
	begun   *sync.WaitGroup
	places  chan struct{}
}

func (s *Service) archive(ctx context.Context, begun *sync.WaitGroup) *remote {
	return &remote{ctx: ctx, service: s, begun: begun, places: make(chan struct{}, lookupsAtOnce)}
}

func (r *remote) keep(seen []*chatv1.Seen, then func(kept bool)) {
	r.begun.Go(func() {
		// What was seen last is kept also when the replica stops.
		_, err := r.service.askHistory(context.WithoutCancel(r.ctx), &chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_KeepSeen{KeepSeen: &chatv1.KeepSeen{Seen: seen}}})
		if err != nil && r.ctx.Err() == nil {
			r.service.log.Warn("history does not keep when users were last seen, trying again", "error", err)
		}
		then(err == nil)
	})
}

func (r *remote) lastSeen(users []string, then func([]*chatv1.Seen)) {
	select {
	case r.places <- struct{}{}:
	default:
		then(nil)
		return
	}
	r.begun.Go(func() {
		defer func() { <-r.places }()
		then(r.service.lastSeen(r.ctx, users))
	})
}

// lastSeen asks history; nothing comes of it where it does not answer.
func (s *Service) lastSeen(ctx context.Context, users []string) []*chatv1.Seen {
	reply, err := s.askHistory(ctx, &chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Seen{Seen: &chatv1.AskSeen{Users: users}}})
	if err != nil && ctx.Err() == nil {
		s.log.Warn("history does not tell when users were last seen", "error", err)
	}
	return reply.GetSeen().GetSeen()
}

func (s *Service) askHistory(ctx context.Context, ask proto.Message) (*chatv1.HistoryAskReply, error) {
	reply := &chatv1.HistoryAskReply{}
	if err := s.request(ctx, subject.HistoryAsk, ask, reply); err != nil {
		return nil, err
	}
	if r := reply.GetRefusal(); r != nil {
		return nil, errors.New(r.GetMessage())
	}
	return reply, nil
}
