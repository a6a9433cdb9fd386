package gateway

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/token"
)

// maxID bounds the ids of rooms, sessions and gateways, in bytes.
const maxID = 64

// register is natter.gateway.v1.Gateways: it looks after the sessions of all
// gateways, whichever is asked.
type register struct {
	gatewayv1.UnimplementedGatewaysServer
	gateway *Gateway
}

// adminOnly refuses whoever holds no admin token.
func adminOnly(ctx context.Context) error {
	if rpc.CallerOf(ctx).Admin {
		return nil
	}
	return rpc.Refuse(refusal(chatv1.ErrorCode_FORBIDDEN, "only admins do this; use the admin token"))
}

// checkIDs refuses a user id and a room id that none can be; both may be empty.
func checkIDs(user, room string) error {
	switch {
	case len(user) > token.MaxUser:
		return rpc.Refuse(fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "user", "a user id has 1 to 128 bytes"))
	case len(room) > maxID:
		return rpc.Refuse(fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "room", "a room id has 1 to 64 bytes"))
	}
	return nil
}

// checkGateway refuses a gateway that is not there; none is fine.
func (r *register) checkGateway(id string) error {
	if id == "" || r.gateway.control.there(id, time.Now()) {
		return nil
	}
	return rpc.Refuse(fieldRefusal(chatv1.ErrorCode_NOT_FOUND, "gateway", "there is no such gateway now; Gateways.List names those that are there"))
}

// carryOut does what an admin ordered, here; nil for an order of a later version.
func (g *Gateway) carryOut(o *chatv1.GatewayOrder) *chatv1.GatewayAnswer {
	answer := &chatv1.GatewayAnswer{Order: o.GetOrder()}
	switch kind := o.GetOrderKind().(type) {
	case *chatv1.GatewayOrder_ListSessions:
		answer.AnswerKind = &chatv1.GatewayAnswer_Sessions{Sessions: g.listSessions(kind.ListSessions)}
	case *chatv1.GatewayOrder_List:
		answer.AnswerKind = &chatv1.GatewayAnswer_Info{Info: g.info()}
	case *chatv1.GatewayOrder_Announce:
		answer.AnswerKind = &chatv1.GatewayAnswer_Announced{Announced: uint32(g.announce(kind.Announce))}
	case *chatv1.GatewayOrder_Drain:
		answer.AnswerKind = &chatv1.GatewayAnswer_Drained{Drained: g.beginDrain(kind.Drain)}
	default:
		return nil
	}
	return answer
}

// answerOf is a gateway's answer to an order; an empty one where it said
// something else.
func (o responses) answerOf(gateway string) *chatv1.GatewayAnswer {
	answer, _ := o.answers[gateway].(*chatv1.GatewayAnswer)
	return answer
}

// List tells of the gateways.
func (r *register) List(ctx context.Context, q *gatewayv1.ListRequest) (*gatewayv1.ListResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	return r.list(ctx, q), nil
}

func (r *register) list(ctx context.Context, q *gatewayv1.ListRequest) *gatewayv1.ListResponse {
	came := r.gateway.control.everywhere(ctx, &chatv1.GatewayOrder{OrderKind: &chatv1.GatewayOrder_List{List: q}})
	out := &gatewayv1.ListResponse{Silent: came.silent}
	for gateway := range came.answers {
		if info := came.answerOf(gateway).GetInfo(); info != nil {
			out.Gateways = append(out.Gateways, info)
		}
	}
	slices.SortFunc(out.Gateways, func(a, b *gatewayv1.GatewayInfo) int { return strings.Compare(a.GetGateway(), b.GetGateway()) })
	return out
}

// info describes this gateway.
func (g *Gateway) info() *gatewayv1.GatewayInfo {
	info := &gatewayv1.GatewayInfo{
		Gateway: g.instance, Since: timestampOf(g.started), Draining: g.drain.Begun(),
		Users: uint32(len(g.users.ids())), Rooms: uint32(len(g.feeds.all())),
	}
	for _, s := range g.sessions.list() {
		if s.greeted() {
			info.Sessions++
		}
	}
	for _, check := range g.Checks() {
		if err := check.Ready(); err != nil {
			info.NotReady = append(info.NotReady, fmt.Sprintf("%s: %v", check.Name, err))
		}
	}
	return info
}
