package gateway

import (
	"context"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	listedByDefault = 50
	listedAtMost    = 100
)

// ListSessions lists sessions of all gateways, by id. Each names its own next
// ones; the first of them all are the page.
func (r *register) ListSessions(ctx context.Context, q *gatewayv1.ListSessionsRequest) (*gatewayv1.ListSessionsResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkIDs(q.GetUser(), q.GetRoom()); err != nil {
		return nil, err
	}
	if len(q.GetCursor()) > maxID {
		return nil, rpc.Refuse(fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "cursor", "a cursor comes from the last response; leave it out to begin anew"))
	}
	if err := r.checkGateway(q.GetGateway()); err != nil {
		return nil, err
	}
	came := r.gateway.control.everywhere(ctx, &chatv1.GatewayOrder{Gateway: q.GetGateway(), OrderKind: &chatv1.GatewayOrder_ListSessions{ListSessions: q}})
	out := &gatewayv1.ListSessionsResponse{Silent: came.silent}
	more := false
	for gateway := range came.answers {
		part := came.answerOf(gateway).GetSessions()
		out.Total += part.GetTotal()
		out.Sessions = append(out.Sessions, part.GetSessions()...)
		more = more || part.GetCursor() != ""
	}
	slices.SortFunc(out.Sessions, func(a, b *gatewayv1.SessionInfo) int { return strings.Compare(a.GetSession(), b.GetSession()) })
	if most := pageOf(q.GetLimit()); len(out.Sessions) > most {
		out.Sessions, more = out.Sessions[:most], true
	}
	if more && len(out.Sessions) > 0 {
		out.Cursor = out.Sessions[len(out.Sessions)-1].GetSession()
	}
	return out, nil
}

func pageOf(asked uint32) int {
	if asked == 0 {
		return listedByDefault
	}
	return int(min(asked, listedAtMost))
}

// listSessions is this gateway's part of a list: of all its sessions, only as
// many are held as one page has.
func (g *Gateway) listSessions(q *gatewayv1.ListSessionsRequest) *gatewayv1.ListSessionsResponse {
	most := pageOf(q.GetLimit())
	out := &gatewayv1.ListSessionsResponse{}
	var first []*session
	for _, s := range g.sessionsOf(q.GetUser(), q.GetRoom()) {
		out.Total++
		if s.id <= q.GetCursor() || len(first) > most && s.id >= first[most].id {
			continue
		}
		at, _ := slices.BinarySearchFunc(first, s.id, func(s *session, id string) int { return strings.Compare(s.id, id) })
		first = slices.Insert(first, at, s)
		first = first[:min(len(first), most+1)] // one more: there is a next page
	}
	for i, s := range first {
		if i == most {
			out.Cursor = first[i-1].id
			break
		}
		if info := s.info(); info != nil {
			out.Sessions = append(out.Sessions, info)
		}
	}
	return out
}

// sessionsOf are those greeted sessions that are the user's, and on which the
// room is live; an empty id stands for any.
func (g *Gateway) sessionsOf(user, room string) []*session {
	switch {
	case user != "":
		return slices.DeleteFunc(g.users.sessions(user), func(s *session) bool { return room != "" && s.seatOf(room) == nil })
	case room != "":
		f := g.feeds.get(room)
		if f == nil {
			return nil
		}
		return f.sessions()
	}
	return slices.DeleteFunc(g.sessions.list(), func(s *session) bool { return !s.greeted() })
}

// sessions are those that sit in the feed.
func (f *feed) sessions() []*session {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]*session, len(f.seats))
	for i, seat := range f.seats {
		list[i] = seat.session
	}
	return list
}

// info describes a greeted session; nil for another.
func (s *session) info() *gatewayv1.SessionInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.user == nil {
		return nil
	}
	return &gatewayv1.SessionInfo{
		Session: s.id, User: s.user.id, Agent: s.agent, Address: s.address, Since: timestampOf(s.since),
		Rooms: uint32(len(s.seats)), PendingBytes: uint64(s.out().size()), Gateway: s.gateway.instance,
	}
}

func timestampOf(t time.Time) *timestamppb.Timestamp { return timestamppb.New(t) }
