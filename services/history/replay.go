package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// memoryFor is how long answers to commands are remembered, and so how far
// back a new owner reads the log.
const memoryFor = 60 * time.Second

// askAgain is how often the server says that there is nothing to read now.
// After twice as long without a word what was asked is lost, and asked again
// with a new consumer: in a cluster a request may overtake the news, on its way
// between servers, of where the consumer is.
const askAgain = 500 * time.Millisecond

// replayed is a record that counts, with the sequence it stands at.
type replayed struct {
	record *chatv1.LogRecord
	// archived: the store has it already.
	archived bool
}

// takeOver reads the log from the store's position, and from a minute ago if
// that is earlier, to its very end, which only a stored record of one's own
// shows. It hands every record that counts to fold.
func (j *journal) takeOver(ctx context.Context, from store.Position, fold func(replayed)) error {
	j.at = chain{sequence: from.Sequence, record: from.Record}
	info, err := j.stream.Info(ctx)
	if err != nil {
		return fmt.Errorf("log of partition %d: %w", j.partition, err)
	}
	if info.State.LastSeq > 0 {
		if err := j.replay(ctx, info, from.Sequence, fold); err != nil {
			return err
		}
	}
	return j.claim(ctx, fold)
}

// claim appends empty records until one is stored, and folds what it finds in
// their place.
func (j *journal) claim(ctx context.Context, fold func(replayed)) error {
	for try := 0; ; try++ {
		empty := &chatv1.LogRecord{TimeMs: time.Now().UnixMilli()}
		if err := j.attempt(ctx, empty); err == nil {
			fold(replayed{record: empty})
			return nil
		}
		r, err := j.read(ctx, j.at.sequence+1)
		if err == nil {
			if j.at.take(r) {
				fold(replayed{record: r})
			}
			if string(r.GetId()) == string(empty.GetId()) {
				return nil
			}
			try = 0
			continue
		}
		j.trouble(err)
		if err := pause(ctx, try); err != nil {
			return fmt.Errorf("take over partition %d: %w", j.partition, err)
		}
	}
}

// replay reads what the stream is known to hold.
func (j *journal) replay(ctx context.Context, info *jetstream.StreamInfo, applied uint64, fold func(replayed)) error {
	config := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: applied + 1}
	since := time.Now().Add(-memoryFor)
	if info.State.LastTime.After(since) {
		recent, err := j.firstSince(ctx, since)
		if err != nil {
			return err
		}
		config.OptStartSeq = min(config.OptStartSeq, recent)
	}
	if config.OptStartSeq > info.State.LastSeq {
		return nil
	}
	var gap error
	err := j.each(ctx, config, info.State.LastSeq, func(sequence uint64, r *chatv1.LogRecord) bool {
		switch {
		case sequence <= applied:
			fold(replayed{record: r, archived: true})
		case sequence != j.at.sequence+1:
			gap = gapError(j.partition, j.at.sequence+1, sequence-1)
		case gap == nil && j.at.take(r):
			fold(replayed{record: r})
		}
		return gap == nil
	})
	return errors.Join(err, gap)
}

// firstSince is the sequence of the first record from a time on.
func (j *journal) firstSince(ctx context.Context, since time.Time) (uint64, error) {
	first := ^uint64(0)
	config := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartTimePolicy, OptStartTime: &since}
	err := j.each(ctx, config, 0, func(sequence uint64, _ *chatv1.LogRecord) bool {
		first = min(first, sequence)
		return false
	})
	return first, err
}

// each hands over the stream's records from a consumer, up to the sequence
// last (at least one), or until do has enough.
func (j *journal) each(ctx context.Context, config jetstream.OrderedConsumerConfig, last uint64, do func(uint64, *chatv1.LogRecord) (more bool)) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	config.InactiveThreshold = 10 * time.Second
	consumer, err := j.stream.OrderedConsumer(ctx, config)
	if err != nil {
		return fmt.Errorf("read the log of partition %d: %w", j.partition, err)
	}
	// The server keeps it for a while otherwise, and there may be many take-overs.
	defer func() { _ = j.stream.DeleteConsumer(context.WithoutCancel(ctx), consumer.CachedInfo().Name) }()
	messages, err := consumer.Messages(jetstream.PullMaxBytes(batchBytes), jetstream.PullHeartbeat(askAgain))
	if err != nil {
		return fmt.Errorf("read the log of partition %d: %w", j.partition, err)
	}
	defer messages.Stop()
	for {
		msg, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return fmt.Errorf("read the log of partition %d: %w", j.partition, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("read the log of partition %d: %w", j.partition, err)
		}
		if !do(meta.Sequence.Stream, decodeRecord(msg.Data())) || meta.Sequence.Stream >= last {
			return nil
		}
	}
}
