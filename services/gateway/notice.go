package gateway

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// hearsAll tells whether the notices to all users come here, and not only those
// to users who are here. In one process with history there is hardly ever another
// gateway, so they are nearly the same, and to follow each user alone would be a
// good part of what it takes to greet one.
func (g *Gateway) hearsAll() bool { return g.exchange != nil }

// followNotices follows those to all users, where that is how it is done.
func (g *Gateway) followNotices() error {
	if !g.hearsAll() {
		return nil
	}
	if _, err := g.nc.Subscribe(subject.AllNotices, func(msg *nats.Msg) { g.onNotice(msg, nil) }); err != nil {
		return fmt.Errorf("follow %s: %w", subject.AllNotices, err)
	}
	return nil
}

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
	case *chatv1.Notice_Status:
		g.onStatus(notice.GetUser(), n.Status)
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
	if !s.startEntering(room) {
		return
	}
	taken := s.enqueue(room, job{work: func(_ time.Time, next func()) {
		if s.seatOf(room) != nil || !s.hasRoomFor(room) {
			s.doneEntering(room)
			next()
			return
		}
		s.gateway.background(func(ctx context.Context) {
			err := s.enterNow(ctx, room)
			s.doneEntering(room)
			next()
			if err != nil {
				s.enterLater(ctx, room, err)
			}
		})
	}})
	if !taken {
		s.doneEntering(room)
	}
}

func (s *session) enterNow(ctx context.Context, room string) error {
	f, err := s.gateway.feeds.pin(room)
	if err != nil {
		return err
	}
	defer s.gateway.feeds.unpin(f)
	view, err := s.gateway.view(ctx, s.user.id, room, nil)
	if err != nil {
		return err
	}
	if view.GetView().GetRole() == chatv1.Role_ROLE_UNSPECIFIED {
		return nil // out again
	}
	if s.outdated() {
		return nil
	}
	e := s.entrance(f, view, nil)
	e.opening = s.encode(&clientv1.ServerFrame{Body: &clientv1.ServerFrame_Room{Room: e.view}})
	return e.enter(ctx)
}

// enterLater tries again where the room's owner was away: what made the room
// live is not said for long enough.
func (s *session) enterLater(ctx context.Context, room string, err error) {
	if refusalOf(err).GetCode() != chatv1.ErrorCode_UNAVAILABLE || s.ended.Load() {
		return
	}
	s.gateway.log.Warn("a room is not live yet", "session", s.id, "room", room, "error", err)
	select {
	case <-ctx.Done():
	case <-time.After(backoffMost/2 + rand.N(backoffMost/2)):
		s.enter(room)
	}
}

// startEntering notes that a room becomes live by itself. It is not, where it
// does so already.
func (s *session) startEntering(rooms ...string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entering == nil {
		s.entering = make(map[string]bool, len(rooms))
	}
	for _, room := range rooms {
		if s.entering[room] {
			return false
		}
		s.entering[room] = true
	}
	return true
}

func (s *session) doneEntering(rooms ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, room := range rooms {
		delete(s.entering, room)
	}
	if len(s.entering) == 0 {
		s.entering = nil
	}
}
