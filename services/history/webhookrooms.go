package history

import (
	"context"
	"errors"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// liveRooms is where couriers ask for events: at the owner of the room, as
// gateways do.
type liveRooms struct{ service *Service }

// Events are those after a seq, as they may be shown now. A room that is not
// there has the head 0.
func (l liveRooms) Events(ctx context.Context, id string, after uint32, limit int) (head uint32, epoch uint64, events []*chatv1.Event, err error) {
	data, err := proto.Marshal(&chatv1.Ask{Question: &chatv1.Ask_Events{Events: &chatv1.AskEvents{Room: id, After: after, Limit: uint32(limit)}}})
	if err != nil {
		return 0, 0, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptFor)
	defer cancel()
	msg, err := l.service.nc.RequestWithContext(ctx, subject.Ask(subject.Partition(id, l.service.partitions)), data)
	if err != nil {
		return 0, 0, nil, err
	}
	reply := &chatv1.AskReply{}
	if err := proto.Unmarshal(msg.Data, reply); err != nil {
		return 0, 0, nil, err
	}
	switch refusal := reply.GetRefusal(); {
	case refusal.GetCode() == chatv1.ErrorCode_NOT_FOUND:
		return 0, reply.GetEpoch(), nil, nil
	case refusal != nil:
		return 0, 0, nil, errors.New(refusal.GetMessage())
	}
	return reply.GetEvents().GetHead(), reply.GetEpoch(), reply.GetEvents().GetEvents(), nil
}
