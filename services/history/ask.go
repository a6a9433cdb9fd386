package history

import (
	"context"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

const (
	maxRoomsAsked = 1000
	// replyBytes bounds the events of one reply; who needs more asks again.
	replyBytes = 512 << 10
	// replayed events of one room; more are for paging.
	maxReplay = 500
)

// inquiry is a question about several rooms: each is looked at when it may be
// shown, and the answer leaves with the last.
type inquiry struct {
	mu     sync.Mutex
	open   int
	bytes  int
	finish func()
}

// part is done with one room. Safe for concurrent use.
func (i *inquiry) part() {
	i.mu.Lock()
	i.open--
	last := i.open == 0
	i.mu.Unlock()
	if last {
		i.finish()
	}
}

// ask answers a question about live state.
func (w *writer) ask(q *question) {
	reply := &chatv1.AskReply{Epoch: w.epoch()}
	answer := func() {
		if !w.lease.holds() {
			reply = &chatv1.AskReply{Refusal: unavailable("this server may not own the room any more; try again")}
		}
		q.answer(reply)
	}
	switch ask := q.ask.GetQuestion().(type) {
	case *chatv1.Ask_Views:
		views, i := w.views(ask.Views, answer)
		reply.Answer = &chatv1.AskReply_Views{Views: views}
		i.part()
	case *chatv1.Ask_Heads:
		list, i := w.headList(ask.Heads, answer)
		reply.Answer = &chatv1.AskReply_Heads{Heads: list}
		i.part()
	case *chatv1.Ask_Events:
		w.eventList(ask.Events, reply, answer)
	default:
		reply.Refusal = badRequest("an ask needs a question that this server knows")
		answer()
	}
}

// inquire about so many rooms. The last part is the asker's own, so that
// nothing is answered before the reply is put together.
func inquire(rooms int, answer func()) *inquiry {
	return &inquiry{open: rooms + 1, finish: answer}
}

func (w *writer) headList(ask *chatv1.AskHeads, answer func()) (*chatv1.HeadList, *inquiry) {
	list := &chatv1.HeadList{}
	rooms := ask.GetRooms()[:min(len(ask.GetRooms()), maxRoomsAsked)]
	i := inquire(len(rooms), answer)
	for _, id := range rooms {
		w.withRoom(id, func(e *entry) {
			if e != nil && e.state.Head > 0 {
				list.Heads = append(list.Heads, &chatv1.Head{Room: id, Seq: e.state.Head})
			}
			if e != nil {
				w.dropAbsent(e)
			}
			i.part()
		})
	}
	return list, i
}

func (w *writer) views(ask *chatv1.AskViews, answer func()) (*chatv1.Views, *inquiry) {
	rooms := ask.GetRooms()[:min(len(ask.GetRooms()), maxRoomsAsked)]
	views := &chatv1.Views{Views: make([]*chatv1.View, len(rooms))}
	i := inquire(len(rooms), answer)
	for n, position := range rooms {
		view := &chatv1.View{Room: position.GetRoom()}
		views.Views[n] = view
		w.withRoom(position.GetRoom(), func(e *entry) { w.view(e, ask.GetUser(), position, view, i) })
	}
	return views, i
}

// view fills in one room as a user sees it, and what the user missed.
func (w *writer) view(e *entry, user string, position *chatv1.RoomPosition, view *chatv1.View, i *inquiry) {
	if e == nil {
		view.Refusal = archiveAway()
		i.part()
		return
	}
	defer w.dropAbsent(e)
	if refusal := e.state.CheckRead(user, time.Now().UnixMilli()); refusal != nil {
		view.Refusal = refusal
		i.part()
		return
	}
	view.View, view.MutedUntilMs = e.state.View(user), e.state.Muted[user]
	if !i.holds(proto.Size(view.View.GetLast())) {
		view.View.Last = nil
	}
	counts := e.unread(user)
	view.View.Unread, view.View.Mentions = counts.unread, counts.mentions
	after, missed := view.View.GetHead(), stretch{whole: true}
	if position.After != nil {
		after = position.GetAfter()
		view.View.Resume = resume(after, e.state.Head, e.state.Since)
	}
	if view.View.GetResume() == chatv1.Resume_COMPLETE {
		missed = w.stretch(e, after)
	}
	if missed.whole && counts.whole {
		view.Events = i.fit(unsaid(missed.events))
		i.part()
		return
	}
	go w.loader.do(func(ctx context.Context) {
		defer i.part()
		// A store that is away must not keep anybody from going on: then the counts
		// are what the memory shows, of the room's last 500 events.
		_ = counts.complete(ctx, w.loader.library, e.id, user)
		view.View.Unread, view.View.Mentions = counts.unread, counts.mentions
		if err := missed.complete(ctx, w.loader.library, e.id, after); err != nil {
			view.View, view.Refusal = nil, archiveAway()
			return
		}
		view.Events = i.fit(unsaid(missed.events))
	})
}

// resume says how a room goes on after a seq, if the messages before the seq
// since were trimmed.
func resume(after, head, since uint32) chatv1.Resume {
	switch {
	case after > head:
		return chatv1.Resume_RESET
	case head-after > maxReplay, after+1 < since:
		return chatv1.Resume_TRUNCATED
	}
	return chatv1.Resume_COMPLETE
}

// eventList answers with a stretch of a room's log.
func (w *writer) eventList(ask *chatv1.AskEvents, reply *chatv1.AskReply, answer func()) {
	refuse := func(r *chatv1.Refusal) {
		reply.Refusal = r
		answer()
	}
	tell := func(head uint32, events []*chatv1.Event) {
		events = (&inquiry{}).fit(unsaid(events))
		if n := int(ask.GetLimit()); n > 0 {
			events = events[:min(n, len(events))]
		}
		reply.Answer = &chatv1.AskReply_Events{Events: &chatv1.EventList{Head: head, Events: events}}
		answer()
	}
	w.withRoom(ask.GetRoom(), func(e *entry) {
		switch {
		case e == nil:
			refuse(archiveAway())
			return
		case e.state.Head == 0:
			defer w.dropAbsent(e)
			refuse(room.NotFound())
			return
		}
		head, s := e.state.Head, w.stretch(e, ask.GetAfter())
		if s.whole {
			tell(head, s.events)
			return
		}
		go w.loader.do(func(ctx context.Context) {
			if err := s.complete(ctx, w.loader.library, ask.GetRoom(), ask.GetAfter()); err != nil {
				refuse(archiveAway())
				return
			}
			tell(head, s.events)
		})
	})
}

func archiveAway() *chatv1.Refusal {
	return unavailable("the archive does not answer; try again in a moment")
}
