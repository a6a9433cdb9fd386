package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

const (
	// maxBacklog is how many bytes of stored records may wait for the store
	// before sends are turned away.
	maxBacklog = 256 << 20
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
	unsubscribe, err := s.listen(w)
	if err != nil {
		return err
	}
	defer unsubscribe()
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
	err = w.run(writing)
	s.show(partition, w.journal.end())
	stopWriting(nil)
	stopProjecting()
	if ctx.Err() != nil {
		s.trouble.set(partition, nil) // another's now
	}
	return errors.Join(err, <-projected)
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
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, nil, err
	}
	stream, err := openStream(ctx, js, streamConfig(partition, s.cfg.Replicas, int64(s.cfg.LogMaxBytes)))
	if err != nil {
		return nil, nil, err
	}
	j := &journal{
		js: js, stream: stream, partition: partition, owner: s.replica, log: s.log,
		timeout: func() time.Duration { return attemptTimeout },
		trouble: func(err error) {
			s.metrics.unknown.Inc()
			s.trouble.set(partition, fmt.Errorf("an append is not decided yet: %w", err))
		},
	}
	from, err := s.past(ctx, j)
	if err != nil {
		return nil, nil, err
	}
	w := s.newWriter(partition, l)
	w.journal = settledJournal{j, func() { s.trouble.set(partition, nil) }}
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
	if last != nil {
		// The owner before may have died between storing it and saying so.
		w.publish.record(w.epoch(), last)
	}
	return w, &projector{
		partition: partition, archive: s.store, backlog: w.backlog, at: from, stream: stream.CachedInfo().Created.UnixNano(), progress: s.progress, log: s.log,
		applied: func(sequence uint64) {
			select {
			case w.archived <- sequence:
			case <-w.quit:
			}
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

// listen brings commands and questions to the writer.
func (s *Service) listen(w *writer) (unsubscribe func(), err error) {
	var subs []*nats.Subscription
	unsubscribe = func() {
		for _, sub := range subs {
			_ = sub.Unsubscribe()
		}
	}
	for to, handle := range map[string]nats.MsgHandler{
		subject.Command(w.partition): func(m *nats.Msg) { s.command(w, m, false) },
		subject.Admin(w.partition):   func(m *nats.Msg) { s.command(w, m, true) },
		subject.Ask(w.partition):     func(m *nats.Msg) { s.question(w, m) },
	} {
		sub, err := s.nc.Subscribe(to, handle)
		if err != nil {
			unsubscribe()
			return nil, fmt.Errorf("listen on %s: %w", to, err)
		}
		subs = append(subs, sub)
	}
	return unsubscribe, nil
}

// command takes a command. Who may publish on a subject is up to NATS, so only
// there a command may be an admin's.
func (s *Service) command(w *writer, m *nats.Msg, admin bool) {
	answer := respond[*chatv1.CommandReply](m)
	c := &chatv1.Command{}
	switch {
	case len(m.Data) > maxCommand:
		answer(refusedCommand(badRequest("a command has at most 288 KiB; send fewer messages at once")))
	case proto.Unmarshal(m.Data, c) != nil:
		answer(refusedCommand(badRequest("this is not a natter.chat.v1.Command")))
	case len(c.GetSends().GetSends()) > maxSends || len(c.GetId()) > maxID || len(c.GetActor().GetName()) > maxActorName:
		answer(refusedCommand(badRequest("a command has at most 64 sends, an id of 64 bytes, and a name of 128 bytes")))
	case subject.Partition(c.GetRoom(), s.partitions) != w.partition:
		answer(refusedCommand(badRequest("the room belongs to another partition")))
	default:
		if c.GetActor() != nil && !admin {
			c.Actor.Admin = false
		}
		r := &request{command: c, answer: answer}
		select {
		case w.requests <- r:
		case <-w.quit: // no answer: the retry finds the next owner
		}
	}
}

func (s *Service) question(w *writer, m *nats.Msg) {
	answer := respond[*chatv1.AskReply](m)
	q := &chatv1.Ask{}
	if proto.Unmarshal(m.Data, q) != nil {
		answer(&chatv1.AskReply{Refusal: badRequest("this is not a natter.chat.v1.Ask")})
		return
	}
	select {
	case w.questions <- &question{ask: q, answer: answer}:
	case <-w.quit:
	}
}
