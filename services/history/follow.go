package history

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// followEvery is how often a follower looks whether there is something that
// nobody told it of.
const followEvery = 5 * time.Second

// Follow streams a room's events: those of before from the store, then what the
// room's owner tells. It ends with the room.
func (q *messageQueries) Follow(in *historyv1.FollowRequest, stream grpc.ServerStreamingServer[historyv1.FollowResponse]) error {
	ctx := stream.Context()
	if err := adminOnly(ctx); err != nil {
		return err
	}
	if r := room.CheckRoom(in.GetRoom()); r != nil {
		return rpc.Refuse(r)
	}
	// A room that was made a moment ago is there.
	if err := q.service.caughtUpIn(ctx, subject.Partition(in.GetRoom(), q.service.partitions)); err != nil {
		return err
	}
	if _, _, err := q.service.readable(ctx, in.GetRoom(), 0); err != nil {
		return err
	}
	f, err := q.service.follow(in.GetRoom(), in.GetAfter())
	if err != nil {
		return err
	}
	defer f.end()
	for {
		events, err := f.next(ctx)
		if err != nil {
			return err
		}
		if err := stream.Send(&historyv1.FollowResponse{Events: unsaid(events)}); err != nil {
			return err
		}
		if _, closed := events[len(events)-1].GetChange().(*chatv1.Event_Closed); closed {
			return nil
		}
	}
}

// follower is how far somebody is who follows a room.
type follower struct {
	service *Service
	room    string
	after   uint32
	live    bool          // the store had no more: the owner is asked
	woken   chan struct{} // holds a token when something was published
	told    *nats.Subscription
}

// follow listens first, so that nothing comes between what the store has and
// what is told.
func (s *Service) follow(room string, after uint32) (*follower, error) {
	f := &follower{service: s, room: room, after: after, woken: make(chan struct{}, 1)}
	var err error
	f.told, err = s.nc.Subscribe(subject.Events(room), func(*nats.Msg) {
		select {
		case f.woken <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil, rpc.Because(rpc.Refuse(unavailable("NATS does not answer; try again in a moment")), err)
	}
	return f, nil
}

func (f *follower) end() { _ = f.told.Unsubscribe() }

// next are the events after those of before, one at least; it waits for them.
func (f *follower) next(ctx context.Context) ([]*chatv1.Event, error) {
	for {
		events, err := f.look(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil || len(events) > 0 {
			return events, err
		}
		timer := time.NewTimer(followEvery)
		select {
		case <-ctx.Done():
		case <-f.woken:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// look asks the store while that has more, and then the owner, who knows of
// events before the store does. While the room has no owner, the store tells
// what it has.
func (f *follower) look(ctx context.Context) ([]*chatv1.Event, error) {
	if f.live {
		_, _, events, err := liveRooms{f.service}.Events(ctx, f.room, f.after, maxReplay)
		if err == nil {
			return f.got(events), nil
		}
	}
	events, err := f.service.store.Events(ctx, f.room, f.after, maxReplay)
	if err != nil {
		return nil, f.service.storeError(err)
	}
	if len(events) == 0 && !f.live {
		f.live = true
		return f.look(ctx)
	}
	return f.got(events), nil
}

func (f *follower) got(events []*chatv1.Event) []*chatv1.Event {
	if len(events) > 0 {
		f.after = events[len(events)-1].GetSeq()
	}
	return events
}
