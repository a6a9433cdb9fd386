package history

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// change has a room's writer do what an admin wants, by the same rules and with
// the same events as a user's command.
func (q *roomQueries) change(ctx context.Context, c *chatv1.Command) (*historyv1.Change, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	c.Actor = creator("")
	reply, err := q.service.do(ctx, c)
	if err != nil {
		return nil, err
	}
	result := reply.GetResults()[0]
	q.service.seenAt(ctx, c.GetRoom(), result.GetSeq())
	return &historyv1.Change{Seq: result.GetSeq(), Duplicate: result.GetDuplicate()}, nil
}

// seenAt waits until the caller's next query sees what was stored at a seq. If
// the store is behind, it is stored all the same.
func (s *Service) seenAt(ctx context.Context, room string, seq uint32) {
	_, _, _ = s.readable(ctx, room, seq)
}

// Update changes a room's settings.
func (q *roomQueries) Update(ctx context.Context, in *historyv1.UpdateRequest) (*historyv1.UpdateResponse, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: in.GetRoom(), Change: &chatv1.Command_Update{Update: &chatv1.UpdateRoom{
		Name: in.Name, Topic: in.Topic, SlowModeSeconds: in.SlowModeSeconds, Archived: in.Archived,
	}}})
	if err != nil {
		return nil, err
	}
	info, _, err := q.service.readable(ctx, in.GetRoom(), done.GetSeq())
	if err != nil {
		return nil, err
	}
	return &historyv1.UpdateResponse{Room: info, Change: done}, nil
}

// Delete closes a room for ever.
func (q *roomQueries) Delete(ctx context.Context, in *historyv1.DeleteRequest) (*historyv1.DeleteResponse, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: in.GetRoom(), Change: &chatv1.Command_DeleteRoom{DeleteRoom: &chatv1.DeleteRoom{}}})
	if err == nil {
		return &historyv1.DeleteResponse{Change: done}, nil
	}
	if rpc.RefusalOf(err).GetCode() != chatv1.ErrorCode_GONE {
		return nil, err
	}
	// It was deleted before, maybe by a call whose answer was lost.
	info, _, err := q.service.readable(ctx, in.GetRoom(), 0)
	if err != nil {
		return nil, err
	}
	return &historyv1.DeleteResponse{Change: &historyv1.Change{Seq: info.GetHead(), Duplicate: true}}, nil
}
