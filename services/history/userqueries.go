package history

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// clockSkew is how far ahead an admin's clock may be; their now is ours then.
const clockSkew = time.Minute

// userQueries is natter.history.v1.Users.
type userQueries struct {
	historyv1.UnimplementedUsersServer
	service *Service
}

// Revoke makes a user's older tokens void.
func (q *userQueries) Revoke(ctx context.Context, in *historyv1.RevokeRequest) (*historyv1.RevokeResponse, error) {
	if !rpc.CallerOf(ctx).Admin {
		return nil, status.Error(codes.PermissionDenied, "only admins revoke tokens; use the admin token")
	}
	if r := room.CheckUser("user", in.GetUser()); r != nil {
		return nil, rpc.Refuse(r)
	}
	now := time.Now()
	before := now
	if in.Before != nil {
		if err := in.GetBefore().CheckValid(); err != nil || in.GetBefore().AsTime().After(now.Add(clockSkew)) {
			field := "before"
			return nil, rpc.Refuse(&chatv1.Refusal{
				Code: chatv1.ErrorCode_BAD_REQUEST, Field: &field,
				Message: "the time is none, or in the future: tokens that were not issued yet cannot be revoked",
			})
		}
		if before = in.GetBefore().AsTime(); before.After(now) {
			before = now
		}
	}
	holds, err := q.service.revocations.revoke(ctx, in.GetUser(), before.UnixMilli())
	if err != nil {
		q.service.log.WarnContext(ctx, "a revocation could not be written", "error", err)
		return nil, rpc.Refuse(unavailable("NATS did not take the revocation; repeat it"))
	}
	q.service.log.InfoContext(ctx, "a user's tokens were revoked", "user", in.GetUser(), "before", time.UnixMilli(holds).UTC())
	return &historyv1.RevokeResponse{Before: timestamppb.New(time.UnixMilli(holds))}, nil
}
