package history

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/store"
)

const (
	// sweepEvery is how often the rooms in which something happened are looked at,
	// and sweepAllEvery how often all are: messages grow too old by themselves.
	sweepEvery    = 5 * time.Second
	sweepAllEvery = time.Minute
	// trimmedAtOnce is the most messages that one event takes away, and trimPause
	// the time that others have the store between two of those.
	trimmedAtOnce = 1000
	trimPause     = 50 * time.Millisecond
	// trimBacklog is how many events may wait for the store while more is trimmed.
	trimBacklog = 20_000
	// keptAtOnce is how many rooms one question to the store brings.
	keptAtOnce = 500
)

// errTrimRefused says that the writer has not trimmed.
var errTrimRefused = errors.New("the writer trimmed nothing")

// sweepTimes are those constants, but in tests, and the clock by which messages
// grow old.
type sweepTimes struct {
	every, allEvery, pause time.Duration
	atOnce                 int
	now                    func() time.Time
}

func defaultSweepTimes() sweepTimes {
	return sweepTimes{every: sweepEvery, allEvery: sweepAllEvery, pause: trimPause, atOnce: trimmedAtOnce, now: time.Now}
}

// sweeper trims the rooms of a partition that this replica writes. What is to be
// trimmed it finds out from the store; the writer does it, as it does all else,
// in the order of what happens in the room. It keeps nothing that the next owner
// needs: a trim that is done again changes nothing.
type sweeper struct {
	partition, partitions int
	retention             retention
	store                 store.Retainer
	touched               *touched
	times                 sweepTimes
	// waiting is how much the store has yet to take.
	waiting func() int
	// trim has the writer trim a room before a seq, and tells whether it did.
	trim    func(ctx context.Context, k store.Kept, before uint32) (bool, error)
	metrics *metrics
	log     *slog.Logger

	queue []store.Kept
	// looked is when the oldest message of a room grows too old, by the retention
	// that it had.
	looked map[string]looked
}

type looked struct {
	retention retention
	next      time.Time
}

func (s *Service) newSweeper(w *writer) *sweeper {
	return &sweeper{
		partition: w.partition, partitions: s.partitions, retention: s.cfg.retention(), store: s.store, touched: w.touched, times: s.sweeps,
		waiting: w.backlog.size, trim: w.trim, metrics: s.metrics, log: s.log.With("partition", w.partition), looked: map[string]looked{},
	}
}

// run works until ctx ends.
func (s *sweeper) run(ctx context.Context) {
	due := s.metrics.due.WithLabelValues(strconv.Itoa(s.partition))
	defer s.metrics.due.DeleteLabelValues(strconv.Itoa(s.partition))
	var all time.Time
	for ctx.Err() == nil {
		s.queue = append(s.queue, s.touched.take()...)
		if time.Since(all) >= s.times.allEvery {
			all = time.Now()
			if err := s.list(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("rooms to trim were not listed, trying again", "error", err)
			}
		}
		if messages, rooms := s.work(ctx, due.Set); messages > 0 {
			s.log.Info("messages past their retention were taken away", "messages", messages, "rooms", rooms)
		}
		_ = sleep(ctx, s.times.every)
	}
}

// list queues the partition's rooms that have a retention.
func (s *sweeper) list(ctx context.Context) error {
	for after := ""; ; {
		rooms, err := s.store.Kept(ctx, after, s.retention.none(), keptAtOnce)
		if err != nil || len(rooms) == 0 {
			return err
		}
		for _, k := range rooms {
			if after = k.Room; subject.Partition(k.Room, s.partitions) == s.partition && s.worth(k) {
				s.queue = append(s.queue, k)
			}
		}
	}
}

// worth tells whether a room may have messages to trim, as far as that is known
// without a look at them.
func (s *sweeper) worth(k store.Kept) bool {
	r := s.retention.of(k.Retention)
	if r.none() {
		delete(s.looked, k.Room)
		return false
	}
	if r.count > 0 && k.Head-min(max(k.Since, 1), k.Head) >= r.count {
		return true
	}
	seen, known := s.looked[k.Room]
	return r.age > 0 && (!known || seen.retention != r || !s.times.now().Before(seen.next))
}

// work trims what is due in the queue, a part of each room in turn, and tells
// told how many rooms have more.
func (s *sweeper) work(ctx context.Context, told func(float64)) (messages, rooms int) {
	trimmed := map[string]bool{}
	for len(s.queue) > 0 && ctx.Err() == nil {
		told(float64(len(s.queue)))
		k := s.queue[0]
		s.queue = s.queue[1:]
		if !s.worth(k) {
			continue
		}
		n, more, err := s.room(ctx, k)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("a room was not trimmed, trying again", "room", k.Room, "error", err)
			s.touched.put(k)
		}
		if n > 0 {
			messages, trimmed[k.Room] = messages+n, true
			s.metrics.trimmed.Add(float64(n))
		}
		if more != nil {
			s.queue = append(s.queue, *more)
		}
		for n > 0 && sleep(ctx, s.times.pause) == nil && s.waiting() > trimBacklog {
			continue
		}
	}
	told(float64(len(s.queue)))
	return messages, len(trimmed)
}

// room trims what is due in a room, a bounded number at once; more is the room
// as it is then, if there is more.
func (s *sweeper) room(ctx context.Context, k store.Kept) (n int, more *store.Kept, err error) {
	r, now := s.retention.of(k.Retention), s.times.now()
	q := store.DueQuery{Room: k.Room, Since: k.Since, Count: r.count, Limit: s.times.atOnce}
	if r.age > 0 {
		q.BeforeMs = max(now.Add(-r.age).UnixMilli(), 0)
	}
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	due, err := s.store.Due(ctx, q)
	if err != nil {
		return 0, nil, err
	}
	if due.Before == 0 {
		s.remember(k, r, due, now)
		return 0, nil, nil
	}
	done, err := s.trim(ctx, k, due.Before)
	if err != nil || !done {
		return 0, nil, err
	}
	k.Since = due.Before
	if due.More {
		return due.Messages, &k, nil
	}
	s.remember(k, r, due, now)
	return due.Messages, nil, nil
}

// remember notes when to look at a room again. One that the store has not caught
// up with is looked at with the next sweep.
func (s *sweeper) remember(k store.Kept, r retention, due store.Due, now time.Time) {
	if due.Head < k.Head {
		s.touched.put(k)
	}
	if r.age == 0 {
		return
	}
	next := now.Add(r.age)
	if due.OldestMs > 0 {
		next = time.UnixMilli(due.OldestMs).Add(r.age)
	}
	s.looked[k.Room] = looked{r, next}
}

// trim has the writer trim a room, by the retention that the room had.
func (w *writer) trim(ctx context.Context, k store.Kept, before uint32) (bool, error) {
	replies := make(chan *chatv1.CommandReply, 1)
	r := &request{
		command: &chatv1.Command{Actor: creator(""), Room: k.Room, Change: &chatv1.Command_Trim{Trim: &chatv1.Trim{Before: before, Retention: proto.CloneOf(k.Retention)}}},
		answer:  func(reply *chatv1.CommandReply) { replies <- reply },
	}
	select {
	case w.requests <- r:
	case <-w.quit:
		return false, errTrimRefused
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	select {
	case reply := <-replies:
		if len(reply.GetResults()) != 1 || reply.GetRefusal() != nil || reply.GetResults()[0].GetRefusal() != nil {
			return false, errTrimRefused
		}
		return !reply.GetResults()[0].GetDuplicate(), nil
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
}
