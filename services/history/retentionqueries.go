package history

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

// SetRetention says how long a room keeps its messages, by way of its owner.
func (q *roomQueries) SetRetention(ctx context.Context, in *historyv1.SetRetentionRequest) (*historyv1.SetRetentionResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	reply, err := q.service.do(ctx, &chatv1.Command{
		Actor: creator(""), Room: in.GetRoom(),
		Change: &chatv1.Command_SetRetention{SetRetention: &chatv1.SetRetention{Retention: in.Retention}},
	})
	if err != nil {
		return nil, err
	}
	q.service.log.InfoContext(ctx, "a room's retention was set", "room", in.GetRoom(), "inherited", in.Retention == nil, "age_seconds", in.GetRetention().GetAgeSeconds(), "count", in.GetRetention().GetCount())
	info, _, err := q.service.readable(ctx, in.GetRoom(), reply.GetResults()[0].GetSeq())
	if err != nil {
		return nil, err
	}
	return &historyv1.SetRetentionResponse{Room: info, Retention: q.service.cfg.retention().of(info.Retention).told()}, nil
}
