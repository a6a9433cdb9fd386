package gateway

import (
	"context"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// maxDrain bounds how long an admin lets clients take to go.
const maxDrain = time.Hour

// Drain has one gateway send its clients to the others.
func (r *register) Drain(ctx context.Context, q *gatewayv1.DrainRequest) (*gatewayv1.DrainResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if q.Within != nil && (q.GetWithin().CheckValid() != nil || q.GetWithin().AsDuration() < 0 || q.GetWithin().AsDuration() > maxDrain) {
		return nil, rpc.Refuse(fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "within", "a drain takes 0 s to 1 h"))
	}
	if err := r.checkGateway(q.GetGateway()); err != nil {
		return nil, err
	}
	gateway := q.GetGateway()
	if gateway == "" {
		gateway = r.gateway.instance
	}
	if !q.GetForce() && !r.othersReady(ctx, gateway) {
		return nil, rpc.Refuse(fieldRefusal(chatv1.ErrorCode_FORBIDDEN, "force", "no other gateway is ready to take its clients; start one, or set force"))
	}
	order := &gatewayv1.DrainRequest{Gateway: gateway, Within: q.GetWithin()}
	came := r.gateway.control.everywhere(ctx, &chatv1.GatewayOrder{Gateway: gateway, OrderKind: &chatv1.GatewayOrder_Drain{Drain: order}})
	out := came.answerOf(gateway).GetDrained()
	if out == nil {
		return nil, rpc.Refuse(refusal(chatv1.ErrorCode_UNAVAILABLE, "the gateway did not answer; it may drain all the same, and the call may be repeated"))
	}
	r.gateway.log.InfoContext(ctx, "a gateway was drained", "gateway", gateway, "sessions", out.GetSessions(), "until", out.GetOverAt().AsTime())
	return out, nil
}

// othersReady tells whether another gateway takes clients.
func (r *register) othersReady(ctx context.Context, than string) bool {
	return slices.ContainsFunc(r.list(ctx, &gatewayv1.ListRequest{}).GetGateways(), func(i *gatewayv1.GatewayInfo) bool {
		return i.GetGateway() != than && !i.GetDraining() && len(i.GetNotReady()) == 0
	})
}

// beginDrain begins to send the clients of this gateway elsewhere.
func (g *Gateway) beginDrain(q *gatewayv1.DrainRequest) *gatewayv1.DrainResponse {
	within := durationOf(q.Within, g.cfg.Drain)
	sessions := uint32(len(g.sessionsOf("", "")))
	if !g.drained.CompareAndSwap(0, time.Now().Add(within).UnixMilli()) {
		return &gatewayv1.DrainResponse{Gateway: g.instance, Sessions: sessions, OverAt: timestampOf(time.UnixMilli(g.drained.Load())), Duplicate: true}
	}
	over := timestampOf(time.UnixMilli(g.drained.Load()))
	g.background(func(context.Context) { g.leave(within) })
	return &gatewayv1.DrainResponse{Gateway: g.instance, Sessions: sessions, OverAt: over}
}

func durationOf(d *durationpb.Duration, otherwise time.Duration) time.Duration {
	if d == nil {
		return otherwise
	}
	return d.AsDuration()
}
