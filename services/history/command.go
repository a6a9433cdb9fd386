package history

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/tracing"
)

const (
	// attemptFor bounds one try to reach the owner of a partition.
	attemptFor = 2 * time.Second
	// commandFor bounds all tries together.
	commandFor = 15 * time.Second
)

// do sends a command to the owner of its room, which may be another replica,
// and tries again with the same id until it has an answer or time is up. A
// refusal is an error.
func (s *Service) do(ctx context.Context, c *chatv1.Command) (*chatv1.CommandReply, error) {
	if r := room.CheckRoom(c.GetRoom()); r != nil {
		return nil, rpc.Refuse(r)
	}
	ctx, cancel := context.WithTimeout(ctx, commandFor)
	defer cancel()
	deadline, _ := ctx.Deadline()
	c.Id, c.DeadlineMs = s.replica+"/"+natsx.Instance(), deadline.UnixMilli()
	for _, send := range c.GetSends().GetSends() {
		send.ReceivedUs = time.Now().UnixMicro()
	}
	step := tracing.Of(ctx).Child("command", tracing.Client, time.Now())
	defer step.End()
	step.Text("natter.room", c.GetRoom())
	step.Text("natter.command", c.GetId())
	data, err := proto.Marshal(c)
	if err != nil {
		return nil, err
	}
	partition := subject.Partition(c.GetRoom(), s.partitions)
	to := subject.Command(partition)
	if c.GetActor().GetAdmin() {
		to = subject.Admin(partition)
	}
	header := tracing.Named(tracing.Header([]*tracing.Span{step}), tracing.Request(ctx))
	for try := 0; ; try++ {
		reply := s.try(ctx, &nats.Msg{Subject: to, Header: header, Data: data})
		switch {
		case reply == nil || reply.GetRefusal().GetCode() == chatv1.ErrorCode_UNAVAILABLE:
		case reply.GetRefusal() != nil:
			return nil, rpc.Refuse(reply.GetRefusal())
		case c.GetImport() != nil:
			return reply, nil // each of its results speaks for itself
		case len(reply.GetResults()) == 1 && reply.GetResults()[0].GetRefusal() != nil:
			return nil, rpc.Refuse(reply.GetResults()[0].GetRefusal())
		case len(reply.GetResults()) == 1:
			return reply, nil
		}
		if pause(ctx, try) != nil {
			return nil, rpc.Refuse(unavailable("the room's writer did not answer; the outcome is unknown, so repeat the same request"))
		}
	}
}

// try is one attempt; nil where there was no answer.
func (s *Service) try(ctx context.Context, m *nats.Msg) *chatv1.CommandReply {
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	msg, err := s.nc.RequestMsgWithContext(ctx, m)
	if err != nil {
		return nil
	}
	reply := &chatv1.CommandReply{}
	if proto.Unmarshal(msg.Data, reply) != nil {
		return nil
	}
	return reply
}
