package gateway

import (
	"context"
	"errors"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// admit makes a room live on the session, and answers with it. With after,
// what the client missed since that seq follows the answer. It waits for the
// owner.
func (s *session) admit(ctx context.Context, re uint32, room string, after *uint32) {
	if err := s.letIn(ctx, re, room, after); err != nil && !s.ended.Load() {
		r := refusalOf(err)
		tracing.Of(ctx).Fail(r.GetCode().String())
		s.refuse(re, r)
	}
}

func (s *session) letIn(ctx context.Context, re uint32, room string, after *uint32) error {
	f, err := s.gateway.feeds.pin(room)
	if err != nil {
		return err
	}
	defer s.gateway.feeds.unpin(f)
	asked := after
	if after != nil && f.covers(*after) {
		asked = nil // the ring has it: a small answer is enough
	}
	view, err := s.gateway.view(ctx, s.user.id, room, asked)
	if err != nil {
		return err
	}
	if after != nil && asked == nil {
		view.View.Resume = resumed(view.GetView(), after)
	}
	if s.outdated() {
		return errEnded
	}
	e := s.entrance(f, view, after)
	b := s.gateway.buffers.take()
	defer s.gateway.buffers.free(b)
	b.bytes = frame.AppendWrapped(b.bytes, s.codec, &clientv1.ServerFrame{Re: optional(re), Body: &clientv1.ServerFrame_Room{Room: e.view}})
	e.opening = b.bytes
	err = e.enter(ctx)
	if e.begun { // the answer is out; who could not be brought up to date was told so
		return nil
	}
	return err
}

// entrance is the way in that a view shows. after is what the client has, if
// it said so.
func (s *session) entrance(f *feed, view *chatv1.View, after *uint32) *entrance {
	e := &entrance{session: s, feed: f, view: view.GetView(), muted: view.GetMutedUntilMs(), pos: view.GetView().GetHead()}
	if after == nil {
		e.view.Resume = chatv1.Resume_FRESH
	}
	if e.view.Resume == chatv1.Resume_COMPLETE {
		e.pos, e.backlog = *after, view.GetEvents()
	}
	s.gateway.metrics.resumes.WithLabelValues(e.view.Resume.String()).Inc()
	return e
}

// view is a room as a user sees it.
func (g *Gateway) view(ctx context.Context, user, room string, after *uint32) (*chatv1.View, error) {
	views, err := g.views(ctx, g.deployment.partition(room), user, []*chatv1.RoomPosition{{Room: room, After: after}})
	if err != nil {
		return nil, err
	}
	if len(views) != 1 {
		return nil, errors.New("the owner answered for another number of rooms")
	}
	if r := views[0].GetRefusal(); r != nil {
		return nil, &refused{r}
	}
	return views[0], nil
}

// views are rooms of one partition as a user sees them, in order.
func (g *Gateway) views(ctx context.Context, partition int, user string, rooms []*chatv1.RoomPosition) ([]*chatv1.View, error) {
	reply, err := g.questions.owner(ctx, partition, &chatv1.Ask{
		Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: user, Rooms: rooms}},
	})
	return reply.GetViews().GetViews(), err
}

// optional is a number that is left out where it is 0.
func optional(n uint32) *uint32 {
	if n == 0 {
		return nil
	}
	return &n
}
