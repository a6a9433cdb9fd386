package history

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	// searchPatience is after how long a search answers with what it has.
	searchPatience = 1500 * time.Millisecond
	// searchTime is after how long it is broken off, with nothing to show.
	searchTime = 2 * time.Second
	// searchesAtOnce leaves the store's other readers to pages and lists.
	searchesAtOnce = 4
)

// Search finds messages by their words.
func (q *messageQueries) Search(ctx context.Context, in *historyv1.SearchRequest) (*historyv1.SearchResponse, error) {
	caller := rpc.CallerOf(ctx)
	text, refusal := readSearch(in)
	if refusal != nil {
		return nil, rpc.Refuse(refusal)
	}
	mark := fingerprint(in, caller)
	older, ok := readCursor(in.GetCursor(), mark)
	if !ok {
		return nil, rpc.Refuse(badField("cursor", "cursor is not of an answer to this search; leave it out to begin again"))
	}
	if in.GetRoom() != "" {
		if _, _, err := q.service.readable(ctx, in.GetRoom(), in.GetMinSeq()); err != nil {
			return nil, err
		}
	}
	found, err := q.service.find(ctx, store.SearchQuery{
		Text: text, User: caller.User, Admin: caller.Admin, Room: in.GetRoom(), From: in.GetFrom(),
		AfterMs: floorMs(in.GetAfter()), BeforeMs: ceilMs(in.GetBefore()), Older: older, Limit: limit(in.GetLimit()), Patience: searchPatience,
	})
	if err != nil {
		return nil, err
	}
	out := &historyv1.SearchResponse{}
	rights := rights{service: q.service, caller: caller, may: map[string]bool{}}
	for _, h := range found.Hits {
		// What the store said it said a moment ago.
		may, err := rights.read(ctx, h.Room)
		if err != nil {
			return nil, q.service.storeError(err)
		}
		if may {
			out.Hits = append(out.Hits, &historyv1.Hit{Room: h.Room, Message: h.Message, Snippet: snippetOf(text, h.Message.GetText())})
		}
	}
	if found.Next != nil {
		out.Cursor = writeCursor(*found.Next, mark)
	}
	return out, nil
}

// find asks the store, within a time, and with few others at once.
func (s *Service) find(ctx context.Context, query store.SearchQuery) (store.SearchResults, error) {
	bounded, cancel := context.WithTimeout(ctx, searchTime)
	defer cancel()
	select {
	case s.searches <- struct{}{}:
		defer func() { <-s.searches }()
	case <-bounded.Done():
		return store.SearchResults{}, rpc.Refuse(unavailable("too many searches are under way; try again in a moment"))
	}
	found, err := s.store.Search(bounded, query)
	switch {
	case err == nil:
		return found, nil
	case errors.Is(err, store.ErrTooSlow), bounded.Err() != nil && ctx.Err() == nil:
		s.log.WarnContext(ctx, "a search took too long", "after", searchTime)
		return store.SearchResults{}, rpc.Refuse(unavailable("the search took too long; use rarer words, or name a room, a sender or a time"))
	}
	return store.SearchResults{}, s.storeError(err)
}

// readSearch is what to look for.
func readSearch(in *historyv1.SearchRequest) (search.Query, *chatv1.Refusal) {
	text, err := search.Parse(in.GetQuery())
	var large *search.TooLargeError
	switch {
	case errors.As(err, &large):
		r := badField("query", large.Error())
		r.Code = chatv1.ErrorCode_TOO_LARGE
		return text, r
	case err != nil:
		return text, badField("query", err.Error())
	}
	if in.GetFrom() != "" {
		if r := room.CheckUser("from", in.GetFrom()); r != nil {
			return text, r
		}
	}
	for field, t := range map[string]*timestamppb.Timestamp{"before": in.GetBefore(), "after": in.GetAfter()} {
		if t != nil && !t.IsValid() {
			return text, badField(field, field+" is not a time")
		}
	}
	return text, nil
}

func badField(field, message string) *chatv1.Refusal {
	r := badRequest(message)
	r.Field = &field
	return r
}

// floorMs is the ms that a time lies in; messages after the time are of later
// ones. 0 where no time is given.
func floorMs(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return 0
	}
	return max(0, t.AsTime().UnixMilli())
}

// ceilMs is the first ms that is not before a time; 0 where none is given.
func ceilMs(t *timestamppb.Timestamp) int64 {
	if t == nil {
		return 0
	}
	return max(1, t.AsTime().Add(time.Millisecond-1).UnixMilli())
}

// rights looks up once for each room whether a caller may read it.
type rights struct {
	service *Service
	caller  rpc.Caller
	may     map[string]bool
}

func (r *rights) read(ctx context.Context, id string) (bool, error) {
	may, known := r.may[id]
	if known {
		return may, nil
	}
	info, standing, err := r.service.store.Info(ctx, id, r.caller.User)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	} else if err == nil {
		may = !info.GetClosed() && (r.caller.Admin ||
			(standing.Member != nil || room.Open(info.GetKind())) && standing.BannedUntil <= time.Now().UnixMilli())
	}
	r.may[id] = may
	return may, err
}

func snippetOf(query search.Query, text string) *historyv1.Snippet {
	s := query.Snippet(text)
	out := &historyv1.Snippet{Text: s.Text}
	for _, m := range s.Marks {
		out.Marks = append(out.Marks, &historyv1.Range{Start: m.Start, End: m.End})
	}
	return out
}
