package presence

import (
	"cmp"
	"context"
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// Status tells how this replica is.
func (q *queries) Status(ctx context.Context, _ *presencev1.StatusRequest) (*presencev1.StatusResponse, error) {
	if !rpc.CallerOf(ctx).Admin {
		return nil, refuse(chatv1.ErrorCode_FORBIDDEN, "", "the state of presence is for admins; use the admin token")
	}
	now := q.service.state.Load()
	out := &presencev1.StatusResponse{
		Replica: q.service.name, Replicas: uint32(now.replicas), Gateways: uint32(now.Gateways),
		Sessions: uint32(now.Sessions), Users: uint32(now.Users), Rooms: uint32(now.Rooms),
	}
	for _, c := range q.service.Checks() {
		if err := c.Ready(); err != nil {
			out.NotReady = append(out.NotReady, c.Name+": "+err.Error())
		}
	}
	own := &presencev1.ReplicaStatus{Replica: out.GetReplica(), NotReady: out.GetNotReady()}
	out.States = append([]*presencev1.ReplicaStatus{own}, now.others...)
	slices.SortFunc(out.States, func(a, b *presencev1.ReplicaStatus) int { return cmp.Compare(a.GetReplica(), b.GetReplica()) })
	return out, nil
}
