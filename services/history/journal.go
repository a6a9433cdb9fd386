package history

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/faultpoint"
	"github.com/natter-chat/natter/services/internal/plant"
)

// fate is what became of an append.
type fate int

const (
	// stored: the record stands where it was written for, for ever.
	stored fate = iota
	// lost: it can never be stored.
	lost
	// superseded: another owner's record stands there.
	superseded
)

// attemptTimeout bounds one append: settling is cheap, so a lost answer need
// not be waited for (a leader's step-down loses one in four).
const attemptTimeout = 500 * time.Millisecond

// settleFor is how long an owner tries to find out what became of an append. A
// log that says nothing for so long may be another one: then the owner gives
// up, and the next take-over looks at the whole of it.
const settleFor = 20 * time.Second

var errUndecided = errors.New("the log neither stores nor shows a record")

// journal is the log of one partition, as its owner writes it: one append at a
// time, each fenced by the stream sequence it expects. Not safe for concurrent
// use.
type journal struct {
	js        jetstream.JetStream
	stream    jetstream.Stream
	partition int
	owner     string
	at        chain
	acks      *acks
	// timeout bounds each attempt to append: attemptTimeout, but in tests.
	timeout func() time.Duration
	log     *slog.Logger
	// trouble is told why an append is not decided yet, and decided that it is.
	trouble func(error)
	decided func()
	// filled is told of the empty record that stands where an append was lost: the
	// store has to get past it, too.
	filled func(*chatv1.LogRecord)
}

// begin sends a record to be stored. Its answer comes to acks, for heard; where
// none comes within the timeout, or this fails, the append is to be settled.
func (j *journal) begin(r *chatv1.LogRecord) error {
	msg, err := j.seal(r)
	if err != nil {
		return err
	}
	faultpoint.Hit(faultpoint.BeforeAppend)
	return j.acks.ask(msg)
}

// heard takes what came to acks. It may belong to an append that was given up:
// then it is not of the one under way, and nothing. Only an ack with the sequence
// that was expected counts; then the journal has moved on.
func (j *journal) heard(msg *nats.Msg, r *chatv1.LogRecord) (ours bool, err error) {
	if !j.acks.answers(msg) {
		return false, nil
	}
	sequence, err := sequenceOf(msg, j.acks.plain)
	if err == nil {
		err = j.stands(r, sequence)
	}
	if err == nil {
		j.decided()
	}
	return true, err
}

// end is the sequence last looked at.
func (j *journal) end() uint64 { return j.at.sequence }

// seal gives a record its place and a fresh id, and makes it a message that is
// stored at the sequence it expects, and nowhere else.
func (j *journal) seal(r *chatv1.LogRecord) (*nats.Msg, error) {
	r.Id = make([]byte, 16)
	_, _ = rand.Read(r.Id)
	r.Previous, r.Sequence, r.Owner = j.at.record, j.at.sequence+1, j.owner
	data, err := proto.Marshal(r)
	if err != nil {
		return nil, err
	}
	msg := &nats.Msg{Subject: subject.Log(j.partition), Data: data}
	if !plant.In(plant.FenceOff) {
		msg.Header = nats.Header{jetstream.ExpectedLastSeqHeader: {strconv.FormatUint(j.at.sequence, 10)}}
	}
	return msg, nil
}

// stands goes on behind a record that was acked at a sequence.
func (j *journal) stands(r *chatv1.LogRecord, sequence uint64) error {
	if sequence != r.GetSequence() && !plant.In(plant.FenceOff) {
		return fmt.Errorf("acked at %d, expected %d", sequence, r.GetSequence())
	}
	j.at.take(r)
	faultpoint.Hit(faultpoint.AfterAppend)
	return nil
}

// attempt appends once, and waits for the answer.
func (j *journal) attempt(ctx context.Context, r *chatv1.LogRecord) error {
	msg, err := j.seal(r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, j.timeout())
	defer cancel()
	faultpoint.Hit(faultpoint.BeforeAppend)
	ack, err := j.js.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(0))
	if err != nil {
		return err
	}
	return j.stands(r, ack.Sequence)
}

// settle finds out what became of an append. Neither a refusal nor silence
// nor "not found" decides it: a leader that was paused may refuse what the new
// one stores. Two things do: an empty record of our own stored in its place,
// or what stands in its place, read by sequence. It gives up only when ctx ends,
// or after settleFor; then the fate is unknown, as after a crash.
func (j *journal) settle(ctx context.Context, r *chatv1.LogRecord, why error) (fate, error) {
	j.log.WarnContext(ctx, "an append had no good answer, settling it", "sequence", j.at.sequence+1, "error", why)
	j.trouble(why)
	fate, err := j.find(ctx, r.GetId())
	if err == nil {
		j.decided()
	}
	return fate, err
}

func (j *journal) find(ctx context.Context, original []byte) (fate, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, settleFor, errUndecided)
	defer cancel()
	ours := [][]byte{original}
	for try := 0; ; try++ {
		empty := &chatv1.LogRecord{TimeMs: time.Now().UnixMilli()}
		err := j.attempt(ctx, empty)
		if err == nil {
			j.filled(empty)
			return lost, nil
		}
		ours = append(ours, empty.GetId())
		r, readErr := j.read(ctx, j.at.sequence+1)
		if readErr == nil {
			return j.found(r, ours), nil
		}
		j.trouble(errors.Join(err, readErr))
		if err := pause(ctx, try); err != nil {
			return lost, fmt.Errorf("append not settled: %w", err)
		}
	}
}

// found decides an append by the record that stands in its place; ours[0] is
// the append itself. Of another owner's record nothing is taken.
func (j *journal) found(r *chatv1.LogRecord, ours [][]byte) fate {
	mine := slices.ContainsFunc(ours, func(id []byte) bool { return string(id) == string(r.GetId()) })
	next := j.at
	counts := next.take(r)
	if counts && !mine {
		return superseded
	}
	j.at = next
	if mine && string(r.GetId()) == string(ours[0]) {
		return stored
	}
	if mine {
		j.filled(r)
	}
	return lost
}

// read asks the leader for the record at a sequence. A record that cannot be
// decoded is void, and comes back empty.
func (j *journal) read(ctx context.Context, sequence uint64) (*chatv1.LogRecord, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	msg, err := j.stream.GetMsg(ctx, sequence)
	if err != nil {
		return nil, err
	}
	return decodeRecord(msg.Data), nil
}

func decodeRecord(data []byte) *chatv1.LogRecord {
	r := &chatv1.LogRecord{}
	if proto.Unmarshal(data, r) != nil {
		return &chatv1.LogRecord{}
	}
	return r
}
