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
	"github.com/natter-chat/natter/services/internal/tracing"
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
		go s.historyAsk(s.storeQuestion(direct.Request{Header: nats.Header(r.Headers()), Data: r.Data(), Respond: func(data []byte) { _ = r.Respond(data) }}))
	})), micro.WithEndpointSubject(subject.HistoryAsk))
	if err == nil {
		err = service.AddEndpoint("audit", natsx.Inboxed(micro.HandlerFunc(s.auditReply)), micro.WithEndpointSubject(subject.AllAudits))
	}
	if err != nil {
		return nil, fmt.Errorf("register with NATS: %w", err)
	}
	leave := s.exchange.Serve(subject.HistoryAsk, func(r direct.Request) bool {
		q := s.storeQuestion(r)
		if q.inMemory() {
			s.historyAsk(q) // to wake somebody for it takes longer than to answer
		} else {
			go s.historyAsk(q)
		}
		return true
	})
	return func() error {
		leave()
		return service.Stop()
	}, nil
}

// storeQuestion is a history.ask, and the way back to who asked.
type storeQuestion struct {
	ask    *chatv1.HistoryAsk // nil: it is none
	answer func(*chatv1.HistoryAskReply)
	span   *tracing.Span
	came   time.Time
	none   bool // it is for the rooms of somebody who is in none
}

func (s *Service) storeQuestion(r direct.Request) storeQuestion {
	q := storeQuestion{ask: &chatv1.HistoryAsk{}, answer: respond[*chatv1.HistoryAskReply](r), came: time.Now()}
	q.span = s.asked(r.Header, q.came)
	if proto.Unmarshal(r.Data, q.ask) != nil {
		q.ask = nil
	}
	if rooms := q.ask.GetRooms(); rooms != nil {
		q.none = s.strangers.certain(rooms.GetUser())
	}
	return q
}

// inMemory tells whether a question is answered without the store.
func (q storeQuestion) inMemory() bool {
	switch q.ask.GetQuestion().(type) {
	case *chatv1.HistoryAsk_Rooms:
		return q.none
	case *chatv1.HistoryAsk_Deployment, *chatv1.HistoryAsk_Revocations:
		return true
	}
	return q.ask == nil
}

func (s *Service) historyAsk(q storeQuestion) {
	reply := &chatv1.HistoryAskReply{}
	if q.ask == nil {
		reply.Refusal = badRequest("this is not a natter.chat.v1.HistoryAsk")
	} else {
		s.historyReply(q, reply)
	}
	q.answer(reply)
	conclude(q.span, reply.GetRefusal())
	s.metrics.answered("store", reply.GetRefusal(), q.came)
}

func (s *Service) historyReply(in storeQuestion, reply *chatv1.HistoryAskReply) {
	switch q := in.ask.GetQuestion().(type) {
	case *chatv1.HistoryAsk_Deployment:
		reply.Answer = &chatv1.HistoryAskReply_Deployment{Deployment: &chatv1.Deployment{
			Partitions: uint32(s.partitions), Epoch: s.epoch.Load(),
			Limits: &chatv1.RoomLimits{Members: uint32(s.cfg.MembersPerRoom), Reactions: uint32(s.cfg.ReactionsPerMessage)},
		}}
	case *chatv1.HistoryAsk_Revocations:
		reply.Answer = &chatv1.HistoryAskReply_Revocations{Revocations: s.revocations.after(q.Revocations)}
	case *chatv1.HistoryAsk_Rooms:
		limit := min(max(int(q.Rooms.GetLimit()), 1), maxRoomsOf)
		var ids []string
		var err error
		if !in.none {
			ids, err = s.roomsOf(q.Rooms.GetUser(), limit)
		}
		if err != nil {
			s.log.Warn("rooms of a user", "error", err)
			reply.Refusal = archiveAway()
			return
		}
		reply.Answer = &chatv1.HistoryAskReply_Rooms{Rooms: &chatv1.RoomIds{Rooms: ids, RevokedBeforeMs: s.revocations.before(q.Rooms.GetUser())}}
	case *chatv1.HistoryAsk_Seen, *chatv1.HistoryAsk_KeepSeen:
		s.seenReply(in.ask, reply)
	default:
		reply.Refusal = badRequest("a history ask needs a question that this server knows")
	}
}

func (s *Service) roomsOf(user string, limit int) ([]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	return s.store.RoomsOf(ctx, user, limit)
}
