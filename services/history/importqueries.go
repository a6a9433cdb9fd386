package history

import (
	"context"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// maxImport is how many events, and how many marks, one request takes.
const maxImport = 200

// Import has a room's writer take a part of its past. What came before a
// refusal is taken.
func (q *messageQueries) Import(ctx context.Context, in *historyv1.MessagesImportRequest) (*historyv1.MessagesImportResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	events, marks := in.GetEvents(), in.GetMarks()
	out := &historyv1.MessagesImportResponse{}
	switch {
	case len(events) > maxImport || len(marks) > maxImport || proto.Size(in) > maxCommand-1024:
		return nil, rpc.Refuse(badField("events", "at most 200 events and 200 marks are imported at once, and 287 KiB"))
	case len(events)+len(marks) == 0:
		return out, nil
	}
	reply, err := q.service.do(ctx, &chatv1.Command{
		Actor: creator(""), Room: in.GetRoom(),
		Change: &chatv1.Command_Import{Import: &chatv1.Import{Events: events, Marks: marks}},
	})
	if err != nil {
		return nil, err
	}
	for i, result := range reply.GetResults() {
		if out.Refusal = result.GetRefusal(); out.Refusal != nil {
			break
		}
		if i < len(events) {
			out.Seqs = append(out.Seqs, result.GetSeq())
			if !result.GetDuplicate() {
				out.Added++
			}
		}
	}
	if n := len(out.GetSeqs()); n > 0 {
		// The next query sees it; if the store is behind, it is stored all the same.
		_, _, _ = q.service.readable(ctx, in.GetRoom(), out.GetSeqs()[n-1])
	}
	return out, nil
}
