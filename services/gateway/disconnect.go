package gateway

import (
	"context"
	"unicode/utf8"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// maxReason bounds what an admin says to those who are disconnected, in bytes:
// a close frame holds no more.
const maxReason = 100

// Disconnect closes a user's sessions on all gateways.
func (r *register) Disconnect(ctx context.Context, q *gatewayv1.DisconnectRequest) (*gatewayv1.DisconnectResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if q.GetUser() == "" {
		return nil, rpc.Refuse(fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "user", "name the user: a user id has 1 to 128 bytes"))
	}
	if err := checkIDs(q.GetUser(), ""); err != nil {
		return nil, err
	}
	if len(q.GetReason()) > maxReason || !utf8.ValidString(q.GetReason()) {
		return nil, rpc.Refuse(fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "reason", "a reason has at most 100 bytes"))
	}
	came := r.gateway.control.disconnectEverywhere(ctx, &chatv1.DisconnectUser{
		User: q.GetUser(), Reason: q.GetReason(), MayReturn: q.GetMayReturn(),
	})
	out := &gatewayv1.DisconnectResponse{Gateways: uint32(len(came.answers)), Silent: came.silent}
	for _, answer := range came.answers {
		out.Sessions += answer.(*chatv1.UserDisconnected).GetSessions()
	}
	r.gateway.log.InfoContext(ctx, "a user was disconnected", "user", q.GetUser(), "sessions", out.GetSessions(), "gateways", out.GetGateways(), "silent", came.silent)
	return out, nil
}

// disconnect closes a user's sessions here, and counts them.
func (g *Gateway) disconnect(d *chatv1.DisconnectUser) int {
	code, reason := closeRevoked, d.GetReason()
	if d.GetMayReturn() {
		code = closeGoingAway
	}
	if reason == "" {
		reason = "an admin has disconnected this user"
	}
	sessions := g.users.sessions(d.GetUser())
	for _, s := range sessions {
		s.close(code, reason)
	}
	return len(sessions)
}
