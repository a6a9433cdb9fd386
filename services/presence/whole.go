package presence

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/presence/fold"
)

// chunkTimeout bounds one question to a gateway.
const chunkTimeout = 2 * time.Second

// request asks a question over NATS.
type request func(ctx context.Context, subject string, question, answer proto.Message) error

// askWhole asks a gateway for all its sessions, chunk after chunk.
func askWhole(ctx context.Context, request request, gateway string) (fold.Whole, error) {
	var w fold.Whole
	for cursor := uint64(0); ; {
		reply := &presencev1.SyncReply{}
		err := request(ctx, subject.PresenceSync(gateway), &presencev1.SyncRequest{Cursor: cursor}, reply)
		if err != nil {
			return fold.Whole{}, fmt.Errorf("ask gateway %s for its sessions: %w", gateway, err)
		}
		if cursor == 0 {
			w.Incarnation, w.Number = reply.GetIncarnation(), reply.GetNumber()
		}
		if reply.GetIncarnation() != w.Incarnation {
			return fold.Whole{}, fmt.Errorf("gateway %s began anew while it told its sessions", gateway)
		}
		w.Sessions = append(w.Sessions, reply.GetSessions()...)
		if reply.GetCursor() == 0 {
			return w, nil
		}
		if reply.GetCursor() <= cursor {
			return fold.Whole{}, errors.New("gateway " + gateway + " tells its sessions in a circle")
		}
		cursor = reply.GetCursor()
	}
}

// request is [request] over the service's connection.
func (s *Service) request(ctx context.Context, subject string, question, answer proto.Message) error {
	ctx, cancel := context.WithTimeout(ctx, chunkTimeout)
	defer cancel()
	data, err := proto.Marshal(question)
	if err != nil {
		return err
	}
	m, err := s.nc.RequestWithContext(ctx, subject, data)
	if err != nil {
		return err
	}
	return proto.Unmarshal(m.Data, answer)
}
