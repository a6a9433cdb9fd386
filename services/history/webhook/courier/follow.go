package courier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/webhook/ledger"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	// ackWait is longer than any record waits that is taken; a new courier does
	// not wait for it, as it has a consumer of its own.
	ackWait = 2 * time.Minute
	// unackedMost bounds the records that are taken and not done with.
	unackedMost = 1000
	// pullMost and pullBytes bound what is read ahead.
	pullMost  = 100
	pullBytes = 4 << 20
)

// record is one of the log, with what of it concerns the webhook.
type record struct {
	ledger.Record
	msg jetstream.Msg
}

// takeOver makes a durable consumer of this courier's own, from where the last
// one's acks ended, and deletes that one. The place in the bucket names the new
// one first, and where it begins: so a crash in between loses nothing.
func (c *Courier) takeOver(ctx context.Context) (jetstream.Consumer, error) {
	place, err := c.Shelf.Place(ctx, c.Hook.ID, c.Partition)
	if err != nil {
		return nil, err
	}
	if place.Revision == 0 {
		if err := c.beginning(ctx); err != nil {
			return nil, err
		}
		place.Start = c.Hook.Starts[c.Partition]
	}
	if err := c.remove(ctx, place.Previous); err != nil {
		return nil, err
	}
	start, err := Standing(ctx, c.Log, place)
	if err != nil {
		return nil, err
	}
	if err := c.gap(ctx, start); err != nil {
		return nil, err
	}
	place.Previous, place.Consumer, place.Start = place.Consumer, subject.WebhookConsumer(c.Hook.ID, natsx.Instance()), start
	if place, err = c.Shelf.KeepPlace(ctx, c.Hook.ID, c.Partition, place); err != nil {
		return nil, err
	}
	consumer, err := c.Log.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: place.Consumer, Description: "natter: follows a log for a webhook", DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: start.Sequence,
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: unackedMost, MaxDeliver: -1,
	})
	if err != nil {
		return nil, fmt.Errorf("follow the log of partition %d: %w", c.Partition, err)
	}
	c.next = start.Sequence
	return consumer, c.remove(ctx, place.Previous)
}

// beginning gives the one room of a webhook that begins in the past its place.
func (c *Courier) beginning(ctx context.Context) error {
	if c.Hook.From == nil || subject.Partition(c.Hook.Rooms[0], len(c.Hook.Starts)) != c.Partition {
		return nil
	}
	now := time.Now()
	_, err := c.Shelf.KeepRoom(ctx, c.Hook.ID, c.Partition, ledger.Room{Room: c.Hook.Rooms[0], After: *c.Hook.From, Since: now, Due: now})
	return err
}

func (c *Courier) remove(ctx context.Context, consumer string) error {
	return Remove(ctx, c.Log, consumer)
}

// Remove deletes a consumer, if it is there.
func Remove(ctx context.Context, log jetstream.Stream, consumer string) error {
	if consumer == "" {
		return nil
	}
	err := log.DeleteConsumer(ctx, consumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		return nil
	}
	return err
}

// Standing is where in the log a place stands: behind the last record that was
// acked, with all before it.
func Standing(ctx context.Context, log jetstream.Stream, place shelf.Place) (shelf.Start, error) {
	start := place.Start
	if place.Consumer == "" {
		return start, nil
	}
	consumer, err := log.Consumer(ctx, place.Consumer)
	if errors.Is(err, jetstream.ErrConsumerNotFound) { // it was never made
		return start, nil
	}
	if err != nil {
		return start, fmt.Errorf("consumer %s: %w", place.Consumer, err)
	}
	start.Sequence = max(start.Sequence, consumer.CachedInfo().AckFloor.Stream+1)
	return start, nil
}

// gap is an error if the log does not reach back to where deliveries stand.
func (c *Courier) gap(ctx context.Context, start shelf.Start) error {
	info, err := c.Log.Info(ctx)
	if err != nil {
		return fmt.Errorf("the log of partition %d: %w", c.Partition, err)
	}
	return Gap(c.Partition, info, start)
}

// Gap is a [GapError] if a log does not reach back to a start.
func Gap(partition int, info *jetstream.StreamInfo, start shelf.Start) error {
	switch {
	case info.Created.UnixNano() != start.Stream:
		return &GapError{Partition: partition}
	case info.State.FirstSeq > start.Sequence:
		return &GapError{Partition: partition, From: start.Sequence, To: info.State.FirstSeq - 1}
	}
	return nil
}

// errHole says that the log brought a record too early: one before it is on
// the way to a connection that is no more.
var errHole = errors.New("a record of the log did not come")

// read brings the log's records, until ctx ends or one is missing.
func (c *Courier) read(ctx context.Context, consumer jetstream.Consumer, to chan<- record) error {
	messages, err := consumer.Messages(jetstream.PullMaxMessagesWithBytesLimit(pullMost, pullBytes))
	if err != nil {
		return fmt.Errorf("read the log of partition %d: %w", c.Partition, err)
	}
	stopped := context.AfterFunc(ctx, messages.Stop)
	defer stopped()
	defer messages.Stop()
	for next := c.next; ; {
		msg, err := messages.Next()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the log of partition %d: %w", c.Partition, err)
		}
		meta, err := msg.Metadata()
		if err != nil {
			return fmt.Errorf("read the log of partition %d: %w", c.Partition, err)
		}
		if meta.Sequence.Stream > next {
			return fmt.Errorf("%w: partition %d, %d", errHole, c.Partition, next)
		}
		next = max(next, meta.Sequence.Stream+1)
		select {
		case to <- record{Record: c.concerns(meta.Sequence.Stream, msg.Data()), msg: msg}:
		case <-ctx.Done():
			return nil
		}
	}
}

// concerns is what a record tells of the webhook's rooms. A record that does
// not count tells of seqs, too, which do no harm: the rooms' owner is asked for
// the events.
func (c *Courier) concerns(sequence uint64, data []byte) ledger.Record {
	r := &chatv1.LogRecord{}
	if proto.Unmarshal(data, r) != nil {
		return ledger.Record{Sequence: sequence}
	}
	out := ledger.Record{Sequence: sequence, Epoch: r.GetEpoch(), Time: time.UnixMilli(r.GetTimeMs())}
	place := map[string]int{}
	for _, e := range r.GetEvents() {
		seq := e.GetSeq()
		if seq == 0 || seq == math.MaxUint32 || !c.selection.Room(e.GetRoom()) {
			continue
		}
		at, known := place[e.GetRoom()]
		if !known {
			at = len(out.Rooms)
			place[e.GetRoom()] = at
			out.Rooms = append(out.Rooms, ledger.Stretch{Room: e.GetRoom(), First: seq, Last: seq})
		}
		s := &out.Rooms[at]
		s.First, s.Last = min(s.First, seq), max(s.Last, seq)
	}
	return out
}
