package gateway

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// onNotice takes a message of chat.user.<user>.
func (g *Gateway) onNotice(msg *nats.Msg, _ *dirty) {
	notice := &chatv1.Notice{}
	if proto.Unmarshal(msg.Data, notice) != nil {
		return
	}
	switch n := notice.GetNotice().(type) {
	case *chatv1.Notice_Entered:
		g.membership(notice.GetUser(), n.Entered.GetRoom(), true, n.Entered.GetSeq())
	case *chatv1.Notice_Removed:
		g.membership(notice.GetUser(), n.Removed.GetRoom(), false, n.Removed.GetSeq())
	}
}

// membership takes that a user came into a room, or is out of it, at a seq. A
// room that the user came into becomes live on all their sessions; out of one
// they are led by its events, which are asked for here if they do not come.
func (g *Gateway) membership(user, room string, member bool, seq uint32) {
	for _, s := range g.users.sessions(user) {
		switch seat := s.seatOf(room); {
		case !s.greeted():
		case member && seat == nil && s.knew(room) < seq:
			s.enter(room)
		case !member && seat != nil:
			seat.feed.head(seq, time.Now(), false)
		}
	}
}

// enter makes a room live of which the user has become a member elsewhere.
func (s *session) enter(room string) {
	s.enqueue(room, job{work: func(next func()) {
		if s.seatOf(room) != nil || !s.hasRoomFor(room) {
			next()
			return
		}
		s.gateway.background(func(ctx context.Context) {
			defer next()
			s.enterNow(ctx, room)
		})
	}})
}

func (s *session) enterNow(ctx context.Context, room string) {
	f, err := s.gateway.feeds.pin(room)
	if err != nil {
		return
	}
	defer s.gateway.feeds.unpin(f)
	view, err := s.gateway.view(ctx, s.user.id, room, nil)
	if err != nil || view.GetView().GetRole() == chatv1.Role_ROLE_UNSPECIFIED {
		return // out again; or heads say it once more
	}
	e := s.entrance(f, view, nil)
	e.opening = s.encode(&clientv1.ServerFrame{Body: &clientv1.ServerFrame_Room{Room: e.view}})
	if err := e.enter(ctx); err != nil && ctx.Err() == nil {
		s.gateway.log.Warn("a room could not be made live", "room", room, "error", err)
	}
}
