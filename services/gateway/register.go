package gateway

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	listedByDefault = 50
	listedAtMost    = 100
)

// register tells admins of the sessions here.
type register struct {
	gatewayv1.UnimplementedGatewaysServer
	gateway *Gateway
}

// ListSessions lists this gateway's sessions, by id.
func (r *register) ListSessions(ctx context.Context, q *gatewayv1.ListSessionsRequest) (*gatewayv1.ListSessionsResponse, error) {
	if !rpc.CallerOf(ctx).Admin {
		return nil, rpc.Refuse(refusal(chatv1.ErrorCode_FORBIDDEN, "only admins may list sessions; use the admin token"))
	}
	most := min(int(q.GetLimit()), listedAtMost)
	if most == 0 {
		most = listedByDefault
	}
	sessions := slices.DeleteFunc(r.gateway.sessions.list(), func(s *session) bool { return s.id <= q.GetCursor() })
	slices.SortFunc(sessions, func(a, b *session) int { return strings.Compare(a.id, b.id) })
	reply := &gatewayv1.ListSessionsResponse{}
	for _, s := range sessions {
		info := s.info()
		if info == nil || q.GetUser() != "" && info.GetUser() != q.GetUser() {
			continue
		}
		if len(reply.Sessions) == most {
			reply.Cursor = reply.Sessions[most-1].GetSession()
			break
		}
		reply.Sessions = append(reply.Sessions, info)
	}
	return reply, nil
}

// info describes a greeted session; nil for another.
func (s *session) info() *gatewayv1.SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == nil {
		return nil
	}
	return &gatewayv1.SessionInfo{
		Session: s.id, User: s.user.id, Agent: s.agent, Address: s.address, Since: timestamppb.New(s.since),
		Rooms: uint32(len(s.seats)), PendingBytes: uint64(s.out().size()),
	}
}
