package presence

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	// watchQueue is how many messages may wait for one who watches. Beyond it
	// NATS drops them, and the whole is told again.
	watchQueue = 64
	// watchLook is how often it is looked whether one may still watch.
	watchLook = time.Second
)

// watcher follows one room for one caller.
type watcher struct {
	queries    *queries
	stream     grpc.ServerStreamingServer[presencev1.WatchResponse]
	caller     rpc.Caller
	room       string
	owner      string
	number     uint64
	reconnects uint64
}

// Watch tells who is here, and what changes.
func (q *queries) Watch(req *presencev1.WatchRequest, stream grpc.ServerStreamingServer[presencev1.WatchResponse]) error {
	w := &watcher{
		queries: q, stream: stream, caller: rpc.CallerOf(stream.Context()),
		room: req.GetRoom(), owner: req.GetOwner(), number: req.GetNumber(),
	}
	if err := mayAsk(w.caller, w.room); err != nil {
		return err
	}
	messages := make(chan *nats.Msg, watchQueue)
	sub, err := q.service.nc.ChanSubscribe(subject.PresenceOut(w.room), messages)
	if err != nil {
		return away("this replica has lost NATS; try again in a moment")
	}
	defer func() { _ = ended(sub.Unsubscribe()) }()
	if err := w.whole(stream.Context()); err != nil {
		return err
	}
	return w.run(stream.Context(), messages)
}

func (w *watcher) run(ctx context.Context, messages <-chan *nats.Msg) error {
	look := time.NewTicker(watchLook)
	defer look.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-w.queries.service.ended:
			return away("this replica stops; watch again, from the last message on")
		case m := <-messages:
			err = w.message(ctx, m)
		case <-look.C:
			err = w.look(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// message passes on what follows; anything else means that the whole is needed.
func (w *watcher) message(ctx context.Context, raw *nats.Msg) error {
	m := &presencev1.RoomChanges{}
	if proto.Unmarshal(raw.Data, m) != nil {
		return nil
	}
	switch same := m.GetOwner() == w.owner; {
	case same && m.GetNumber() <= w.number:
		return nil
	case m.GetWhole() || same && m.GetNumber() == w.number+1:
		if err := w.allowed(ctx); err != nil {
			return err
		}
		return w.send(m)
	}
	return w.whole(ctx)
}

// look ends it for one who may not watch any more, and asks for the room after
// a time in which NATS was away.
func (w *watcher) look(ctx context.Context) error {
	if _, reconnects := w.queries.service.link(); reconnects != w.reconnects {
		return w.whole(ctx)
	}
	return w.allowed(ctx)
}

// whole tells the whole, unless it is what was told last. While the replica does
// not know it, as after a lost connection, that is tried again.
func (w *watcher) whole(ctx context.Context) error {
	_, reconnects := w.queries.service.link()
	m, err := w.queries.whole(ctx, w.caller, w.room)
	switch {
	case err != nil && w.reconnects != reconnects && w.owner != "" && rpc.RefusalOf(err).GetCode() == chatv1.ErrorCode_UNAVAILABLE:
		return nil
	case err != nil:
		return err
	}
	w.reconnects = reconnects
	if m.GetOwner() == w.owner && m.GetNumber() <= w.number {
		return nil
	}
	return w.send(m)
}

func (w *watcher) send(m *presencev1.RoomChanges) error {
	w.owner, w.number = m.GetOwner(), m.GetNumber()
	return w.stream.Send(&presencev1.WatchResponse{Room: m})
}

// allowed is an error for one who may not see the room. While that is not known
// nothing is passed on.
func (w *watcher) allowed(ctx context.Context) error {
	if w.caller.Admin {
		return nil
	}
	allowed := false
	err := w.queries.service.view(ctx, func(r *replica) { allowed = r.fold.Member(w.room, w.caller.User) })
	if err == nil && !allowed {
		return notHere()
	}
	return err
}
