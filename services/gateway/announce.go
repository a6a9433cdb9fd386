package gateway

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	// maxNotice bounds what an admin announces, maxNoticeData what goes with it,
	// in bytes.
	maxNotice     = 1 << 10
	maxNoticeData = 4 << 10
)

// Announce shows a notice on sessions of all gateways.
func (r *register) Announce(ctx context.Context, q *gatewayv1.AnnounceRequest) (*gatewayv1.AnnounceResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkIDs(q.GetUser(), q.GetRoom()); err != nil {
		return nil, err
	}
	if r := checkNotice(q); r != nil {
		return nil, rpc.Refuse(r)
	}
	came := r.gateway.control.everywhere(ctx, &chatv1.GatewayOrder{OrderKind: &chatv1.GatewayOrder_Announce{Announce: q}})
	out := &gatewayv1.AnnounceResponse{Gateways: uint32(len(came.answers)), Silent: came.silent}
	for gateway := range came.answers {
		out.Sessions += came.answerOf(gateway).GetAnnounced()
	}
	r.gateway.log.InfoContext(ctx, "a notice was announced", "room", q.GetRoom(), "user", q.GetUser(), "sessions", out.GetSessions(), "gateways", out.GetGateways(), "silent", came.silent)
	return out, nil
}

func checkNotice(q *gatewayv1.AnnounceRequest) *chatv1.Refusal {
	text := q.GetText()
	switch {
	case len(text) > maxNotice:
		return fieldRefusal(chatv1.ErrorCode_TOO_LARGE, "text", "a notice has at most 1024 bytes")
	case strings.TrimSpace(text) == "" || !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }):
		return fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "text", "a notice needs text: UTF-8 without control characters but line breaks")
	case q.GetRoom() != "" && q.GetUser() != "":
		return fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "user", "a notice goes to a room or to a user, not to both")
	case q.GetData() == nil:
		return nil
	}
	if data, err := protojson.Marshal(q.GetData()); err != nil || len(data) > maxNoticeData {
		return fieldRefusal(chatv1.ErrorCode_TOO_LARGE, "data", "data is a JSON object of at most 4096 bytes")
	}
	return nil
}

// announce shows a notice here, and counts the sessions that it reaches.
func (g *Gateway) announce(q *gatewayv1.AnnounceRequest) int {
	notice := &clientv1.ServerFrame_Notice{Text: q.GetText(), Data: q.GetData()}
	if q.GetRoom() != "" {
		notice.Room = &q.Room
	}
	frames := framesOf(&clientv1.ServerFrame{Body: &clientv1.ServerFrame_Notice_{Notice: notice}})
	told := 0
	var d dirty
	for _, s := range g.sessionsOf(q.GetUser(), q.GetRoom()) {
		if d.put(s.out(), frames.in(s.codec), durable) {
			told++
		}
	}
	d.flush()
	return told
}
