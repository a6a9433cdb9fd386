package history

import (
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	// version of the service as NATS tools show it.
	version     = "0.1.0"
	maxRoomsOf  = 200
	readTimeout = 5 * time.Second
)

// answer answers history.ask from the store, beside the other replicas.
func (s *Service) answer() (micro.Service, error) {
	service, err := micro.AddService(s.nc, micro.Config{
		Name: "natter-history", Version: version, Description: "rooms and messages of natter",
		Metadata: map[string]string{"replica": s.replica}, QueueGroup: subject.HistoryQueue,
	})
	if err != nil {
		return nil, fmt.Errorf("register with NATS: %w", err)
	}
	err = service.AddEndpoint("ask", natsx.Inboxed(micro.HandlerFunc(func(r micro.Request) {
		// A store that is slow for one asker must not hold up the others.
		go s.historyAsk(r)
	})), micro.WithEndpointSubject(subject.HistoryAsk))
	if err != nil {
		return nil, fmt.Errorf("register with NATS: %w", err)
	}
	return service, nil
}

func (s *Service) historyAsk(r micro.Request) {
	ask, reply := &chatv1.HistoryAsk{}, &chatv1.HistoryAskReply{}
	if proto.Unmarshal(r.Data(), ask) != nil {
		reply.Refusal = badRequest("this is not a natter.chat.v1.HistoryAsk")
	} else {
		s.historyReply(ask, reply)
	}
	if data, err := proto.Marshal(reply); err == nil {
		_ = r.Respond(data)
	}
}

func (s *Service) historyReply(ask *chatv1.HistoryAsk, reply *chatv1.HistoryAskReply) {
	switch q := ask.GetQuestion().(type) {
	case *chatv1.HistoryAsk_Deployment:
		reply.Answer = &chatv1.HistoryAskReply_Deployment{Deployment: &chatv1.Deployment{Partitions: uint32(s.partitions), Epoch: s.epoch.Load()}}
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
		reply.Answer = &chatv1.HistoryAskReply_Rooms{Rooms: &chatv1.RoomIds{Rooms: ids}}
	default:
		reply.Refusal = badRequest("a history ask needs a question that this server knows")
	}
}
