// Package foldtest tells whether a store is what its log says: the log is
// folded into a fresh store, and the two are compared by all that they answer.
package foldtest

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// Log is one partition's log, as it counts.
type Log struct {
	// Records that follow one another; void ones are left out.
	Records []*chatv1.LogRecord
	// End is the position of who has applied it all.
	End store.Position
}

// Read reads a partition's log, which must not have been purged.
func Read(ctx context.Context, js jetstream.JetStream, partition int) (Log, error) {
	var log Log
	stream, err := js.Stream(ctx, subject.LogStream(partition))
	if err != nil {
		return log, err
	}
	state := stream.CachedInfo().State
	log.End.Stream = stream.CachedInfo().Created.UnixNano()
	if state.LastSeq > 0 && state.FirstSeq != 1 {
		return log, fmt.Errorf("foldtest: the log of partition %d begins at %d", partition, state.FirstSeq)
	}
	for sequence := uint64(1); sequence <= state.LastSeq; sequence++ {
		msg, err := stream.GetMsg(ctx, sequence)
		if err != nil {
			return log, fmt.Errorf("foldtest: record %d of partition %d: %w", sequence, partition, err)
		}
		r := &chatv1.LogRecord{}
		if proto.Unmarshal(msg.Data, r) != nil || len(r.GetId()) == 0 || r.GetSequence() != sequence || !bytes.Equal(r.GetPrevious(), log.End.Record) {
			continue
		}
		log.Records = append(log.Records, r)
		log.End.Sequence, log.End.Record = sequence, r.GetId()
	}
	return log, nil
}

// Fold applies a log to a fresh store.
func (l Log) Fold(ctx context.Context, partition int, into store.Store) error {
	const batch = 2000
	var from store.Position
	for rest := l.Records; len(rest) > 0; {
		n := min(batch, len(rest))
		last := rest[n-1]
		to := store.Position{Stream: l.End.Stream, Sequence: last.GetSequence(), Record: last.GetId()}
		if err := into.Apply(ctx, partition, from, to, rest[:n]); err != nil {
			return err
		}
		from, rest = to, rest[n:]
	}
	return nil
}

// Check reads the logs of all partitions and folds them into fresh, waits until
// live has come as far, and compares. Nobody may write meanwhile. The error
// names the first difference.
func Check(ctx context.Context, js jetstream.JetStream, partitions int, live, fresh store.Store) error {
	for p := range partitions {
		log, err := Read(ctx, js, p)
		if err != nil {
			return err
		}
		if err := log.Fold(ctx, p, fresh); err != nil {
			return fmt.Errorf("foldtest: fold the log of partition %d: %w", p, err)
		}
		if err := await(ctx, live, p, log.End); err != nil {
			return err
		}
		ids := map[string][]room.SentKey{}
		for _, r := range log.Records {
			for _, e := range r.GetEvents() {
				ids[e.GetRoom()] = append(ids[e.GetRoom()], room.SentKey{User: e.GetUser(), ClientMsgID: e.GetClientMsgId()})
			}
		}
		for id, sent := range ids {
			if err := compare(ctx, live, fresh, id, sent); err != nil {
				return fmt.Errorf("foldtest: room %s of partition %d: %w", id, p, err)
			}
		}
	}
	return nil
}

// await waits until a store is at a position, or beyond it: an owner may store an
// empty record meanwhile, to prove itself. What is compared tells whether it was
// empty.
func await(ctx context.Context, live store.Store, partition int, end store.Position) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		at, err := live.Position(ctx, partition)
		if err == nil && (at.Equal(end) || at.Stream == end.Stream && at.Sequence > end.Sequence) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("foldtest: partition %d is applied up to %d (%v), its log goes to %d", partition, at.Sequence, err, end.Sequence)
		case <-tick.C:
		}
	}
}
