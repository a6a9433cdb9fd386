package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/load"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// kills is how often a process is killed: NATTER_E2E_KILLS, or a few, or with
// the tag e2e many times.
func kills(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("NATTER_E2E_KILLS"), usualKills))
	if err != nil || n < 1 {
		t.Fatalf("NATTER_E2E_KILLS=%s is not a number of kills", os.Getenv("NATTER_E2E_KILLS"))
	}
	return n
}

// TestCrash: processes are killed (SIGKILL) and halted at random moments while
// people write. Whatever was acked is there, once, with the seq of its ack;
// and those who only read saw it all.
func TestCrash(t *testing.T) {
	everywhereCrashing(t, func(t *testing.T, d *shape.Deployment, faults []fault) {
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		random := rand.New(rand.NewPCG(seed, 0))
		run := startLoad(t, d)
		for i := range kills(t) {
			f := faults[i%len(faults)]
			run.more(1 + random.IntN(300)) // a random moment of the work, not of the clock
			wait(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
			if err := f.happen(t.Context(), random); err != nil {
				t.Fatalf("fault %d, %s: %v", i, f.name, err)
			}
			began := time.Now()
			run.more(50)
			t.Logf("fault %d, %s: 50 acks came within %s", i, f.name, time.Since(began).Round(time.Millisecond))
		}
		run.finish()
		run.verify()
	})
}

func everywhereCrashing(t *testing.T, test func(t *testing.T, d *shape.Deployment, faults []fault)) {
	for _, s := range shape.All() {
		t.Run(s.Name, func(t *testing.T) {
			d := alone(t, s, append(withoutLimits(), "NATTER_LOG_LEVEL=info")...)
			test(t, d, faultsOf(d))
		})
	}
}

// wait lets time pass that is part of a fault; nothing relies on it.
func wait(d time.Duration) { <-time.After(d) }

// crowd is who writes and reads in a run.
type crowd struct {
	room string
	// senders, who wait at least pace between two messages.
	senders int
	pace    time.Duration
	// observers are people who read, each with some sessions.
	observers, sessions int
	// obey: every other session goes elsewhere when it is asked to.
	obey bool
	// sendersAt and observersAt are where the first connections go.
	sendersAt, observersAt func(i int) int
}

// crashRun is people writing into one room, and others who read.
type crashRun struct {
	t          *testing.T
	d          *shape.Deployment
	room       string
	stop       chan struct{}
	stopped    context.CancelFunc
	begun      atomic.Bool // all who read have come in
	acks       load.Acks
	senders    []*load.Sender
	observers  []*load.Observer
	writing    *errgroup.Group
	reading    *errgroup.Group
	writingCtx context.Context
}

// startLoad is eight people who write and two who read.
func startLoad(t *testing.T, d *shape.Deployment) *crashRun {
	t.Helper()
	return startLoadIn(t, d, "crash", 8, 2)
}

// startLoadIn is people in a room of a name of its own.
func startLoadIn(t *testing.T, d *shape.Deployment, room string, senders, observers int) *crashRun {
	t.Helper()
	each := func(i int) int { return i }
	return startCrowd(t, d, crowd{room: room, senders: senders, pace: 4 * time.Millisecond, observers: observers, sessions: 1, sendersAt: each, observersAt: each})
}

func startCrowd(t *testing.T, d *shape.Deployment, who crowd) *crashRun {
	t.Helper()
	r := &crashRun{t: t, d: d, room: who.room, stop: make(chan struct{})}
	owner := enter(t, d, 0, "owner")
	owner.create(r.room, nil)
	join := func(user string) string {
		s := enter(t, d, 0, user)
		s.view("join", M{"room": r.room})
		natstest.Eventually(t, client.Patience, user+" is a member wherever they come in", func() bool {
			again := enter(t, d, 1, user)
			defer again.Close()
			return viewIn(client.Frame{Welcome: again.welcome}, r.room) != nil
		})
		s.Close()
		return token.For(user, user).Sign(d.JWTSecret)
	}
	for i := range who.senders {
		s := &load.Sender{Gateway: r.turns(who.sendersAt(i)), Room: r.room, Name: fmt.Sprint(r.room, "-sender-", i), Window: 4, Pace: who.pace, Acks: &r.acks}
		s.Token = join(s.Name)
		r.senders = append(r.senders, s)
	}
	for i := range who.observers {
		token := join(fmt.Sprint(r.room, "-observer-", i))
		for n := range who.sessions {
			r.observers = append(r.observers, &load.Observer{
				Gateway: r.turns(who.observersAt(i)), Room: r.room, Ready: make(chan struct{}), Token: token, Obeys: who.obey && n%2 == 0,
			})
		}
	}
	owner.Close()
	r.start()
	return r
}

// turns gives each try another gateway. Until all who read have come in, one
// who is refused tries the same again, so that it is known who was where.
func (r *crashRun) turns(from int) func() string {
	var next atomic.Int64
	next.Store(int64(from) - 1)
	return func() string {
		if !r.begun.Load() {
			next.Store(int64(from))
			return gateway(r.d, from)
		}
		return gateway(r.d, int(next.Add(1)))
	}
}

func (r *crashRun) start() {
	readingCtx, stopReading := context.WithCancel(r.t.Context())
	r.stopped = stopReading
	r.t.Cleanup(stopReading)
	r.reading, readingCtx = errgroup.WithContext(readingCtx)
	for _, o := range r.observers {
		r.reading.Go(func() error { return o.Run(readingCtx) })
	}
	for _, o := range r.observers {
		select {
		case <-o.Ready:
		case <-readingCtx.Done():
			r.t.Fatal(r.reading.Wait())
		}
	}
	r.begun.Store(true)
	r.writing, r.writingCtx = errgroup.WithContext(r.t.Context())
	for _, s := range r.senders {
		r.writing.Go(func() error { return s.Run(r.writingCtx, r.stop) })
	}
}

// recovery bounds how long natter may take to ack again after any fault: a
// command lives 15 s, and an election of NATS takes up to 9 s.
const recovery = time.Minute

// more waits for so many further acks.
func (r *crashRun) more(count int) {
	r.t.Helper()
	r.further(&r.acks.All, count, "acks")
}

// further waits until there are so many more of what is counted.
func (r *crashRun) further(counter *atomic.Int64, count int, what string) {
	r.t.Helper()
	want := counter.Load() + int64(count)
	deadline, tick := time.Now().Add(recovery), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for counter.Load() < want {
		if r.writingCtx.Err() != nil {
			r.t.Fatalf("a sender gave up: %v", r.writing.Wait())
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("no %d further %s within %s (%d in all)", count, what, recovery, counter.Load())
		}
		<-tick.C
	}
}

// finish has every message acked, and read by those who read. After NATS was
// away history claims no more than OS until it has asked the servers again
// whether they sync; acks must come to claim more again under the load.
func (r *crashRun) finish() {
	r.t.Helper()
	r.further(&r.acks.Synced, 20, "acks that claim DISK or QUORUM")
	close(r.stop)
	written := make(chan error, 1)
	go func() { written <- r.writing.Wait() }()
	select {
	case err := <-written:
		if err != nil {
			r.t.Fatal(err)
		}
	case <-time.After(recovery):
		r.t.Fatalf("not all messages were acked within %s after the last fault", recovery)
	}
	last := uint32(0)
	for _, s := range r.senders {
		for _, shot := range s.Shots {
			last = max(last, shot.Ack.Seq)
		}
	}
	for i, o := range r.observers {
		natstest.Eventually(r.t, recovery, fmt.Sprintf("observer %d sees seq %d", i, last), func() bool { return o.Has(last) })
	}
	r.stopped()
	if err := r.reading.Wait(); err != nil {
		r.t.Error(err)
	}
}
