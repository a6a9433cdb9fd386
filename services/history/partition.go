package history

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/tracing"
)

const (
	// heldBytes bounds each of the two queues of stored records that wait for
	// the store in memory; more are read from the log again.
	heldBytes = 32 << 20
	// maxBacklog is how many events and marks may wait for the store before
	// sends are turned away: their ids stay in memory, so that none is stored twice.
	maxBacklog = 1_000_000
	// maxCommand is the most bytes of one command: 256 KiB of sends, and room
	// for the rest.
	maxCommand = 288 << 10
	waiting    = 8192

	maxSends     = 64
	maxID        = 64
	maxActorName = 128
)

// own takes a partition over, and writes it until ctx ends or it is another's.
func (s *Service) own(ctx context.Context, partition int, l *lease) error {
	log := s.log.With("partition", partition)
	defer s.metrics.forget(partition) // or its last words would stand beside the next owner's
	defer func() {
		if ctx.Err() != nil {
			s.trouble.set(partition, nil) // another's now
		}
	}()
	s.trouble.set(partition, errors.New("it is being taken over"))
	nc, err := s.dial(ctx)
	if err != nil {
		s.trouble.set(partition, err)
		return err
	}
	defer nc.Close()
	w, p, err := s.takeOver(ctx, nc, partition, l)
	if err != nil {
		s.trouble.set(partition, err)
		return err
	}
	stopListening, err := s.listen(w)
	if err != nil {
		s.trouble.set(partition, err)
		return err
	}
	s.trouble.set(partition, nil)
	log.Info("writing a partition", "sequence", p.at.Sequence)
	defer log.Info("stopped writing a partition")

	writing, stopWriting := context.WithCancelCause(ctx)
	projecting, stopProjecting := context.WithCancel(context.WithoutCancel(ctx))
	projected := make(chan error, 1)
	go func() {
		err := p.run(projecting)
		if err != nil && projecting.Err() == nil {
			stopWriting(err) // somebody else projects: they own the partition
		}
		projected <- err
	}()
	keeping, stopKeeping := context.WithCancel(writing)
	var kept sync.WaitGroup
	kept.Go(func() { s.keepWindow(keeping, p.journal) })
	kept.Go(func() {
		s.webhooks.serve(keeping, partition, func(ctx context.Context) (jetstream.Stream, error) {
			return s.js.Stream(ctx, subject.LogStream(partition))
		})
	})
	kept.Go(func() { s.newSweeper(w).run(keeping) })
	err = w.run(writing)
	stopKeeping()
	stopListening()
	kept.Wait()
	s.show(partition, w.journal.end())
	stopWriting(nil)
	stopProjecting()
	err = errors.Join(err, <-projected)
	if err != nil {
		s.trouble.set(partition, err)
	}
	return err
}

// show remembers how far a partition's log went when its writer ended.
func (s *Service) show(partition int, sequence uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ends[partition] = max(s.ends[partition], sequence)
}

// shown is how far this replica has seen a partition's log go; 0: not at all.
func (s *Service) shown(partition int) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ends[partition]
}

// takeOver reads the log to its end and makes the writer that goes on there.
func (s *Service) takeOver(ctx context.Context, nc *nats.Conn, partition int, l *lease) (*writer, *projector, error) {
	j, err := s.openJournal(ctx, nc, partition)
	if err != nil {
		return nil, nil, err
	}
	from, err := s.past(ctx, j)
	if err != nil {
		return nil, nil, err
	}
	w := s.newWriter(partition, l)
	j.filled = w.backlog.put // while the append is under way, so that nobody else puts
	w.journal = j
	var last *chatv1.LogRecord
	if err := j.takeOver(ctx, from, func(r replayed) {
		w.replay(r)
		if len(r.record.GetEvents()) > 0 {
			last = r.record
		}
	}); err != nil {
		return nil, nil, err
	}
	w.at = from.Sequence
	// Another may have taken over while the lease did not hold, and been written
	// over just now: it would answer from what it knows until it writes again. It
	// finds nothing new then, if this replica writes nothing more.
	if err := l.await(ctx); err != nil {
		return nil, nil, err
	}
	if last != nil {
		// The owner before may have died between storing it and saying so.
		w.publish.record(w.epoch(), last, nil)
	}
	return w, &projector{
		partition: partition, archive: s.store, backlog: w.backlog, at: from, stream: j.stream.CachedInfo().Created.UnixNano(), journal: j, progress: s.progress, metrics: s.metrics, log: s.log,
		applied: func(sequence uint64) {
			select {
			case w.archived <- sequence:
			case <-w.quit:
			}
		},
	}, nil
}

// openJournal opens a partition's log, on a connection of its own.
func (s *Service) openJournal(ctx context.Context, nc *nats.Conn, partition int) (*journal, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, err
	}
	stream, err := openStream(ctx, js, streamConfig(partition, s.cfg.Replicas, s.cfg.LogMaxBytes))
	if err != nil {
		return nil, err
	}
	acks, err := newAcks(nc, subject.LogStream(partition))
	if err != nil {
		return nil, err
	}
	return &journal{
		js: js, stream: stream, partition: partition, owner: s.replica, acks: acks, log: s.log,
		timeout: s.attempts,
		filled:  func(*chatv1.LogRecord) {},
		decided: func() { s.trouble.set(partition, nil) },
		trouble: func(err error) {
			s.metrics.unknown.Inc()
			s.trouble.set(partition, fmt.Errorf("an append is not decided yet: %w", err))
		},
	}, nil
}

// replay takes a record of the log that an owner before wrote.
func (w *writer) replay(r replayed) {
	if r.archived {
		w.memory.replay(r.record)
		for _, e := range r.record.GetEvents() {
			w.heads.add(e, time.Now().Add(headsForTakeOver))
		}
		return
	}
	w.remember(r.record, time.Now().Add(headsForTakeOver))
	w.backlog.put(r.record)
}

// listen brings commands and questions to the writer. Who stops it when the
// writer has ended leaves nobody without an answer: what had come by then is
// turned away, so that the sender tries again at once.
func (s *Service) listen(w *writer) (stop func(), err error) {
	var subs []*nats.Subscription
	var leave []func()
	stop = func() {
		for _, leave := range leave {
			leave()
		}
		s.drain(w, subs)
	}
	for to, handle := range map[string]nats.MsgHandler{
		subject.Command(w.partition): func(m *nats.Msg) { await(w.requests, w.quit, s.command(w, byNATS(m), false)) },
		subject.Admin(w.partition):   func(m *nats.Msg) { await(w.requests, w.quit, s.command(w, byNATS(m), true)) },
		subject.Ask(w.partition):     func(m *nats.Msg) { await(w.questions, w.quit, s.question(w, byNATS(m))) },
	} {
		sub, err := s.nc.Subscribe(to, handle)
		if err != nil {
			for _, sub := range subs {
				_ = sub.Unsubscribe()
			}
			return nil, fmt.Errorf("listen on %s: %w", to, err)
		}
		subs = append(subs, sub)
	}
	leave = append(leave,
		s.exchange.Serve(subject.Command(w.partition), func(r direct.Request) bool { return offer(w.requests, s.command(w, r, false)) }),
		s.exchange.Serve(subject.Ask(w.partition), func(r direct.Request) bool { return offer(w.questions, s.question(w, r)) }))
	return stop, nil
}

// drain ends the subscriptions, and answers what they still bring.
func (s *Service) drain(w *writer, subs []*nats.Subscription) {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		timeout := time.After(time.Second)
		for _, sub := range subs {
			ended := sub.StatusChanged(nats.SubscriptionClosed)
			if sub.Drain() != nil {
				_ = sub.Unsubscribe()
				continue
			}
			select {
			case <-ended:
			case <-timeout:
			}
		}
	}()
	for {
		select {
		case r := <-w.requests:
			r.turnAway(moving)
		case q := <-w.questions:
			q.turnAway(moving)
		case <-closed:
			empty(w.requests)
			empty(w.questions)
			return
		}
	}
}

// moving tells who asks a writer that has ended.
const moving = "the room moves to another server; try again"

// command reads a command; nil: it is answered already. Who may publish on a
// subject is up to NATS, so only there a command may be an admin's.
func (s *Service) command(w *writer, in direct.Request, admin bool) *request {
	kind, came := "command", time.Now()
	if admin {
		kind = "admin"
	}
	tell := respond[*chatv1.CommandReply](in)
	answer := func(reply *chatv1.CommandReply) {
		tell(reply)
		s.metrics.answered(kind, refusalOf(reply), came)
	}
	c := &chatv1.Command{}
	switch {
	case len(in.Data) > maxCommand:
		answer(refusedCommand(badRequest("a command has at most 288 KiB; send fewer messages at once")))
	case proto.Unmarshal(in.Data, c) != nil:
		answer(refusedCommand(badRequest("this is not a natter.chat.v1.Command")))
	case len(c.GetSends().GetSends()) > maxSends || len(c.GetId()) > maxID || len(c.GetActor().GetName()) > maxActorName:
		answer(refusedCommand(badRequest("a command has at most 64 sends, an id of 64 bytes, and a name of 128 bytes")))
	case subject.Partition(c.GetRoom(), s.partitions) != w.partition:
		answer(refusedCommand(badRequest("the room belongs to another partition")))
	default:
		if c.GetActor() != nil && !admin {
			c.Actor.Admin = false
		}
		r := &request{command: c, answer: answer, name: tracing.RequestOf(in.Header)}
		r.traced(s.tracer, in.Header, w.partition)
		return r
	}
	return nil
}

// question reads a question; nil: it is answered already.
func (s *Service) question(w *writer, in direct.Request) *question {
	tell, came := respond[*chatv1.AskReply](in), time.Now()
	span := s.asked(in.Header, came)
	span.Number("natter.partition", int64(w.partition))
	answer := func(reply *chatv1.AskReply) {
		tell(reply)
		conclude(span, reply.GetRefusal())
		s.metrics.answered("ask", reply.GetRefusal(), came)
	}
	q := &chatv1.Ask{}
	if proto.Unmarshal(in.Data, q) != nil {
		answer(&chatv1.AskReply{Refusal: badRequest("this is not a natter.chat.v1.Ask")})
		return nil
	}
	return &question{ask: q, answer: answer}
}
