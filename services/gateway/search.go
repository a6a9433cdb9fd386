package gateway

import (
	"context"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

// search has messages found.
func (s *session) search(re uint32, r *clientv1.ClientFrame_Search) {
	request := &historyv1.SearchRequest{
		Query: r.GetQuery(), Room: r.GetRoom(), From: r.GetFrom(), Before: r.GetBefore(), After: r.GetAfter(),
		Cursor: r.GetCursor(), Limit: r.GetLimit(), MinSeq: s.seen(r.GetRoom()),
	}
	s.query(re, "search", func(ctx context.Context) (*clientv1.ServerFrame, error) {
		found, err := s.gateway.messages.Search(ctx, request)
		if err != nil {
			return nil, err
		}
		hits := make([]*clientv1.ServerFrame_Hit, len(found.GetHits()))
		for i, h := range found.GetHits() {
			s.told(h.GetRoom(), h.GetMessage().GetSeq())
			hits[i] = &clientv1.ServerFrame_Hit{Room: h.GetRoom(), Message: h.GetMessage(), Snippet: snippet(h.GetSnippet())}
		}
		return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Results_{Results: &clientv1.ServerFrame_Results{
			Hits: hits, Cursor: present(found.GetCursor()),
		}}}, nil
	})
}

func snippet(s *historyv1.Snippet) *clientv1.ServerFrame_Snippet {
	out := &clientv1.ServerFrame_Snippet{Text: s.GetText()}
	for _, m := range s.GetMarks() {
		out.Marks = append(out.Marks, &clientv1.ServerFrame_Range{Start: m.GetStart(), End: m.GetEnd()})
	}
	return out
}
