package history

import (
	"context"
	"errors"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// messageQueries is natter.history.v1.Messages.
type messageQueries struct {
	historyv1.UnimplementedMessagesServer
	service *Service
}

// List is a page of messages.
func (q *messageQueries) List(ctx context.Context, in *historyv1.MessagesListRequest) (*historyv1.MessagesListResponse, error) {
	sides := 0
	for _, side := range []*uint32{in.Before, in.After, in.Around} {
		if side != nil {
			sides++
		}
	}
	if sides > 1 {
		return nil, rpc.Refuse(badField("around", "set at most one of before, after and around"))
	}
	info, _, err := q.service.readable(ctx, in.GetRoom(), in.GetMinSeq())
	if err != nil {
		return nil, err
	}
	page, err := q.service.page(ctx, info.GetHead(), pageQuery(in, rpc.CallerOf(ctx).User))
	if err != nil {
		return nil, q.service.storeError(err)
	}
	return &historyv1.MessagesListResponse{Messages: page.Messages, HasBefore: page.HasBefore, HasAfter: page.HasAfter, Head: page.Head}, nil
}

func pageQuery(in *historyv1.MessagesListRequest, user string) store.Query {
	p := store.Query{Room: in.GetRoom(), Thread: in.GetThread(), Limit: limit(in.GetLimit()), Kind: store.Newest, User: user}
	switch {
	case in.Before != nil:
		p.Kind, p.Seq = store.Before, in.GetBefore()
	case in.After != nil:
		p.Kind, p.Seq = store.After, in.GetAfter()
	case in.Around != nil:
		p.Kind, p.Seq = store.Around, in.GetAround()
	}
	return p
}

func noSuchMessage() error {
	field := "seq"
	return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_NOT_FOUND, Field: &field, Message: "there is no such message"})
}

// Get is one message.
func (q *messageQueries) Get(ctx context.Context, in *historyv1.MessagesGetRequest) (*historyv1.MessagesGetResponse, error) {
	if _, _, err := q.service.readable(ctx, in.GetRoom(), 0); err != nil {
		return nil, err
	}
	m, err := q.service.store.Message(ctx, in.GetRoom(), rpc.CallerOf(ctx).User, in.GetSeq())
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchMessage()
	}
	if err != nil {
		return nil, q.service.storeError(err)
	}
	return &historyv1.MessagesGetResponse{Message: m}, nil
}

// Events is a stretch of a room's log, as the store has it. What was trimmed
// between its events is told as deleted.
func (q *messageQueries) Events(ctx context.Context, in *historyv1.EventsRequest) (*historyv1.EventsResponse, error) {
	n := int(min(in.GetLimit(), maxReplay))
	if n == 0 {
		n = maxReplay
	}
	for try := 0; ; try++ {
		info, _, err := q.service.readable(ctx, in.GetRoom(), 0)
		if err != nil || in.GetAfter() >= info.GetHead() {
			return &historyv1.EventsResponse{}, err
		}
		n := min(n, int(info.GetHead()-in.GetAfter()))
		events, err := q.service.store.Events(ctx, in.GetRoom(), in.GetAfter(), n)
		if err != nil {
			return nil, q.service.storeError(err)
		}
		if events, whole := room.Filled(in.GetRoom(), events, in.GetAfter(), in.GetAfter()+uint32(n), info.GetSince()); whole || try > 0 {
			return &historyv1.EventsResponse{Events: unsaid(events)}, nil
		} // else more was trimmed between the two questions
	}
}
