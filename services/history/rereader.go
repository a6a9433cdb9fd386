package history

import (
	"context"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// reread is the next records that count after a position, as the log has them:
// up to a sequence, and not more than one transaction takes. It ends before
// `last` only where that is full.
func (j *journal) reread(ctx context.Context, from store.Position, last uint64, limit int) (records []*chatv1.LogRecord, at uint64, err error) {
	next := chain{sequence: from.Sequence, record: from.Record}
	events, bytes := 0, 0
	var gap error
	err = j.each(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: from.Sequence + 1}, last,
		func(sequence uint64, r *chatv1.LogRecord) bool {
			if sequence != next.sequence+1 {
				gap = fmt.Errorf("partition %d: %w: sequences %d to %d are missing in it", j.partition, errGap, next.sequence+1, sequence-1)
				return false
			}
			if next.take(r) {
				records = append(records, r)
				events += weightOf(r)
				bytes += proto.Size(r)
			}
			return events < limit && bytes < batchBytes
		})
	if gap != nil {
		err = gap
	}
	return records, next.sequence, err
}
