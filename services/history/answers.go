package history

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	// version of the service as NATS tools show it.
	version     = "0.1.0"
	maxRoomsOf  = 200
	readTimeout = 5 * time.Second
)

// answer answers history.ask from the store, beside the other replicas, and takes
// the other services' records of the audit.
func (s *Service) answer() (stop func() error, err error) {
	service, err := micro.AddService(s.nc, micro.Config{
		Name: "natter-history", Version: version, Description: "rooms and messages of natter",
		Metadata: map[string]string{"replica": s.replica}, QueueGroup: subject.HistoryQueue,
	})
	if err != nil {
		return nil, fmt.Errorf("register with NATS: %w", err)
	}
	err = service.AddEndpoint("ask", natsx.Inboxed(micro.HandlerFunc(func(r micro.Request) {
		// A store that is slow for one asker must not hold up the others.
		go s.historyAsk(direct.Request{Header: nats.Header(r.Headers()), Data: r.Data(), Respond: func(data []byte) { _ = r.Respond(data) }})
	})), micro.WithEndpointSubject(subject.HistoryAsk))
	if err == nil {
		err = service.AddEndpoint("audit", natsx.Inboxed(micro.HandlerFunc(s.auditReply)), micro.WithEndpointSubject(subject.AllAudits))
	}
	if err != nil {
		return nil, fmt.Errorf("register with NATS: %w", err)
	}
	leave := s.exchange.Serve(subject.HistoryAsk, func(r direct.Request) bool {
		go s.historyAsk(r)
		return true
	})
	return func() error {
		leave()
		return service.Stop()
	}, nil
}

func (s *Service) historyAsk(r direct.Request) {
	ask, reply, came := &chatv1.HistoryAsk{}, &chatv1.HistoryAskReply{}, time.Now()
	span := s.asked(r.Header, came)
	if proto.Unmarshal(r.Data, ask) != nil {
		reply.Refusal = badRequest("this is not a natter.chat.v1.HistoryAsk")
	} else {
		s.historyReply(ask, reply)
	}
	respond[*chatv1.HistoryAskReply](r)(reply)
	conclude(span, reply.GetRefusal())
	s.metrics.answered("store", reply.GetRefusal(), came)
}

func (s *Service) historyReply(ask *chatv1.HistoryAsk, reply *chatv1.HistoryAskReply) {
	switch q := ask.GetQuestion().(type) {
	case *chatv1.HistoryAsk_Deployment:
		reply.Answer = &chatv1.HistoryAskReply_Deployment{Deployment: &chatv1.Deployment{
			Partitions: uint32(s.partitions), Epoch: s.epoch.Load(),
			Limits: &chatv1.RoomLimits{Members: uint32(s.cfg.MembersPerRoom), Reactions: uint32(s.cfg.ReactionsPerMessage)},
		}}
	case *chatv1.HistoryAsk_Revocations:
		reply.Answer = &chatv1.HistoryAskReply_Revocations{Revocations: s.revocations.after(q.Revocations)}
	case *chatv1.HistoryAsk_Rooms:
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		limit := min(max(int(q.Rooms.GetLimit()), 1), maxRoomsOf)
		ids, err := s.store.RoomsOf(ctx, q.Rooms.GetUser(), limit)
		if err != nil {
			s.log.Warn("rooms of a user", "error", err)
			reply.Refusal = archiveAway()
			return
		}
		reply.Answer = &chatv1.HistoryAskReply_Rooms{Rooms: &chatv1.RoomIds{Rooms: ids, RevokedBeforeMs: s.revocations.before(q.Rooms.GetUser())}}
	case *chatv1.HistoryAsk_Seen, *chatv1.HistoryAsk_KeepSeen:
		s.seenReply(ask, reply)
	default:
		reply.Refusal = badRequest("a history ask needs a question that this server knows")
	}
}
