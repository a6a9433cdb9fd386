package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/internal/plant"
)

const (
	// roomsAsked is how many rooms of a user history tells of.
	roomsAsked = 200
	// viewsPerAsk bounds what one answer has to hold.
	viewsPerAsk = 24
)

// arrival is how a hello becomes live rooms: first all of them are looked at,
// then the welcome tells of them, then the session enters one after another.
type arrival struct {
	session *session
	user    string
	hello   *clientv1.ClientFrame_Hello
	epoch   uint64 // of everything that was looked at
	rooms   []*arriving
	revoked int64 // tokens of the user issued before this time are void, Unix ms
}

// arriving is one room of an arrival.
type arriving struct {
	room  string
	named bool    // by the client, who has events up to after
	after *uint32 // nil: nothing follows on what the client has
	reset bool    // since it is of another past
	feed  *feed
	view  *chatv1.View
}

// look finds out which rooms there are, follows them, and asks their owners.
func (a *arrival) look(ctx context.Context) error {
	g := a.session.gateway
	a.epoch = g.deployment.epoch.Load()
	member, err := g.questions.rooms(ctx, a.user, roomsAsked)
	if err != nil {
		return err
	}
	a.revoked = member.GetRevokedBeforeMs()
	if a.session.void(a.revoked) {
		return nil // no room is asked for
	}
	a.choose(member.GetRooms())
	for _, r := range a.rooms {
		if r.feed, err = g.feeds.pin(r.room); err != nil {
			return err
		}
	}
	return a.ask(ctx)
}

// choose takes the user's rooms, the most lately active first, and those that
// the client names, of which none is left out.
func (a *arrival) choose(member []string) {
	g := a.session.gateway
	named := map[string]*arriving{}
	another := a.hello.Epoch != nil && a.hello.GetEpoch() != a.epoch
	for _, position := range a.hello.GetResume() {
		r := &arriving{room: position.GetRoom(), named: true, reset: another}
		if !another {
			r.after = &position.Seq
		}
		named[r.room] = r
	}
	room := len(member)
	if g.cfg.LiveRooms > 0 {
		room = g.cfg.LiveRooms - len(named)
	}
	for _, id := range member {
		switch r := named[id]; {
		case r != nil:
			a.rooms = append(a.rooms, r)
			delete(named, id)
		case room > 0:
			a.rooms = append(a.rooms, &arriving{room: id})
			room--
		}
	}
	for _, position := range a.hello.GetResume() { // watched, or joined a moment ago
		if r := named[position.GetRoom()]; r != nil {
			a.rooms = append(a.rooms, r)
		}
	}
}

// ask has the owners look at the rooms, all partitions at once.
func (a *arrival) ask(ctx context.Context) error {
	if len(a.rooms) == 0 {
		return nil
	}
	g := a.session.gateway
	byPartition := map[int][]*arriving{}
	for _, r := range a.rooms {
		p := g.deployment.partition(r.room)
		byPartition[p] = append(byPartition[p], r)
	}
	group, ctx := errgroup.WithContext(ctx)
	for partition, rooms := range byPartition {
		for part := range slices.Chunk(rooms, viewsPerAsk) {
			group.Go(func() error { return a.askPart(ctx, partition, part) })
		}
	}
	return group.Wait()
}

func (a *arrival) askPart(ctx context.Context, partition int, rooms []*arriving) error {
	positions := make([]*chatv1.RoomPosition, len(rooms))
	for i, r := range rooms {
		positions[i] = &chatv1.RoomPosition{Room: r.room, After: r.after}
		if r.after != nil && r.feed.covers(*r.after) {
			positions[i].After = nil // the ring has it: a small answer is enough
		}
	}
	views, err := a.session.gateway.views(ctx, partition, a.user, positions)
	if err != nil {
		return err
	}
	if len(views) != len(rooms) {
		return errors.New("the owner answered for another number of rooms")
	}
	for i, r := range rooms {
		if refused := views[i].GetRefusal(); refused.GetCode() == chatv1.ErrorCode_UNAVAILABLE {
			return fmt.Errorf("room %s: %w", r.room, errUnavailable)
		}
		r.view = views[i]
		r.judge(positions[i].After == nil)
	}
	return nil
}

// judge decides how the room goes on, where the owner was not asked.
func (r *arriving) judge(byRing bool) {
	switch view := r.view.GetView(); {
	case view == nil || !byRing:
	case r.reset:
		view.Resume = chatv1.Resume_RESET
	default:
		view.Resume = resumed(view, r.after)
	}
}

// resumed is how a room goes on after a seq, or anew.
func resumed(view *chatv1.RoomView, after *uint32) chatv1.Resume {
	switch {
	case after == nil:
		return chatv1.Resume_FRESH
	case *after > view.GetHead():
		return chatv1.Resume_RESET
	case view.GetHead()-*after > replayEvents, *after+1 < view.GetSince():
		return chatv1.Resume_TRUNCATED
	}
	return chatv1.Resume_COMPLETE
}

// shown are the rooms for the welcome. A room of which the user is no member
// is there only if the client named it.
func (a *arrival) shown() []*chatv1.RoomView {
	var views []*chatv1.RoomView
	a.rooms = slices.DeleteFunc(a.rooms, func(r *arriving) bool {
		strange := !r.named && (r.view.GetView() == nil || r.view.GetView().GetRole() == chatv1.Role_ROLE_UNSPECIFIED)
		if strange { // the store was behind: the user has left it meanwhile
			a.session.gateway.feeds.unpin(r.feed)
		}
		return strange
	})
	for _, r := range a.rooms {
		if view := r.view.GetView(); view != nil {
			views = append(views, view)
		}
	}
	return views
}

// enter brings the session into the rooms, as far as that needs no further
// question, and tells which of those named may not be read any more. The
// entrances that it returns have to go on.
func (a *arrival) enter(d *dirty) (late []*entrance) {
	s := a.session
	for _, r := range a.rooms {
		view := r.view.GetView()
		if view == nil {
			d.put(s.out(), s.encode(goneFrame(r.room, r.view.GetRefusal())), durable)
			continue
		}
		s.gateway.metrics.resumes.WithLabelValues(view.GetResume().String()).Inc()
		e := &entrance{session: s, feed: r.feed, view: view, muted: r.view.GetMutedUntilMs(), pos: view.GetHead()}
		if view.GetResume() == chatv1.Resume_COMPLETE && !plant.In(plant.ResumeWithoutRepair) {
			e.pos, e.backlog = *r.after, r.view.GetEvents()
		}
		if !s.out().calm() {
			late = append(late, e)
			continue
		}
		if outcome, err := e.step(); err != nil || outcome == missing || outcome == busy {
			late = append(late, e)
		}
	}
	return late
}

// enterOrSay goes on with an entrance, and tells the client where that fails.
func (e *entrance) enterOrSay(ctx context.Context) {
	if err := e.enter(ctx); err != nil && !e.begun && !e.session.ended.Load() {
		e.session.say(goneFrame(e.feed.room, refusalOf(err)))
	}
}

// names of all rooms of the arrival.
func (a *arrival) names() []string {
	names := make([]string, len(a.rooms))
	for i, r := range a.rooms {
		names[i] = r.room
	}
	return names
}

func (a *arrival) unpin() {
	for _, r := range a.rooms {
		if r.feed != nil {
			a.session.gateway.feeds.unpin(r.feed)
		}
	}
}

func goneFrame(room string, why *chatv1.Refusal) *clientv1.ServerFrame {
	reason := "not found"
	switch why.GetCode() {
	case chatv1.ErrorCode_GONE:
		reason = "deleted"
	case chatv1.ErrorCode_UNAVAILABLE:
		reason = "unavailable"
	}
	return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Gone_{Gone: &clientv1.ServerFrame_Gone{Room: room, Reason: reason}}}
}

// covers tells whether the ring has all that follows a seq.
func (f *feed) covers(after uint32) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, covered := f.ring.after(after)
	return f.started && (covered || after == f.last)
}
