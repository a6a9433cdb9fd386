//go:build e2e

package e2e_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

const (
	histories  = 3
	partitions = 4
)

// TestReplicasShare: each replica writes its part and no more, all answer
// queries, and what one acked can be read at once from another.
func TestReplicasShare(t *testing.T) {
	t.Parallel()
	_, url := database(t)
	d := alone(t, shape.Replicated(histories), onPostgres(url)...)
	shares(t, d)
	ana := enter(t, d, 0, "ana")
	for n := range 2 * partitions {
		room := ana.create(fmt.Sprint("room-", n), nil).Room
		seq := ana.send(room, "hello").Seq
		for i, address := range d.Histories {
			history, err := admin.Dial(address, d.AdminToken)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), recovery)
			page, err := history.Messages.List(ctx, &historyv1.MessagesListRequest{Room: room, MinSeq: seq, Limit: 10})
			cancel()
			history.Close()
			if err != nil || len(page.GetMessages()) != 1 || page.GetMessages()[0].GetSeq() != seq {
				t.Errorf("replica %d, asked for room %s up to the seq that was just acked (%d): %v, %v", i, room, seq, page, err)
			}
		}
	}
}

// shares waits until each replica writes its share of the partitions.
func shares(t *testing.T, d *shape.Deployment) {
	t.Helper()
	var owned []int
	natstest.Eventually(t, recovery, "all partitions are shared", func() bool {
		owned = owned[:0]
		all := 0
		for _, ops := range d.HistoryOps {
			n := metric(t, ops, "natter_history_partitions_owned")
			owned = append(owned, n)
			all += n
		}
		return all == partitions
	})
	for i, n := range owned {
		if most := (partitions + len(owned) - 1) / len(owned); n > most {
			t.Errorf("replica %d writes %d partitions of %d, which is more than its share of %d", i, n, partitions, most)
		}
	}
}

// metric reads a number of a program, -1 if it does not answer.
func metric(t *testing.T, ops, name string) int {
	t.Helper()
	response, err := http.Get(ops + "/metrics")
	if err != nil {
		return -1
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if value, ok := strings.CutPrefix(lines.Text(), name+" "); ok {
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			return int(n)
		}
	}
	return -1
}

// TestSecondReplicaOnSQLiteIsRefused: it would be another history.
func TestSecondReplicaOnSQLiteIsRefused(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), withoutLimits()...)
	path, err := shared.programs.Path(build.History())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	second := process.New(process.Config{Name: "second", Path: path, Dir: dir, Log: filepath.Join(dir, "log"),
		Env: append(d.Login("history"), "NATTER_DATA_DIR="+filepath.Join(d.Dir("history"), "data"), "NATTER_GRPC_ADDR=127.0.0.1:0", "NATTER_OPS_ADDR=127.0.0.1:0")})
	if err := second.Launch(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), recovery)
	defer cancel()
	if code, err := second.Wait(ctx); err != nil || code == 0 || !strings.Contains(second.Tail(5), "in use by another process") {
		t.Errorf("it ended with %d (%v), saying: %s", code, err, second.Tail(5))
	}
}

// TestReplicas: history replicas are drained, killed and halted in turn, by
// dice, while people write into a room of every partition. Nothing that was
// acked is lost, doubled or reordered; and no send fails, because the gateway
// tries each for 15 s.
func TestReplicas(t *testing.T) {
	_, url := database(t)
	d := alone(t, shape.Replicated(histories), onPostgres(url)...)
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("NATTER_E2E_SEED"); s != "" {
		var err error
		if seed, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("NATTER_E2E_SEED: %v", err)
		}
	}
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var runs []*crashRun
	for _, room := range roomPerPartition() {
		runs = append(runs, startLoadIn(t, d, room, 2, 1))
	}
	pauses := map[string]time.Duration{}
	for i := range handOvers(t) {
		f := replicaFaults(d, random)
		for _, r := range runs {
			r.more(1 + random.IntN(20))
		}
		stop := watchPauses(runs)
		if err := f.happen(t.Context(), random); err != nil {
			t.Fatalf("fault %d, %s: %v", i, f.name, err)
		}
		for _, r := range runs {
			r.more(20)
		}
		longest := stop()
		kind, _, _ := strings.Cut(f.name, " ")
		pauses[kind] = max(pauses[kind], longest)
		t.Logf("fault %d, %s: the longest pause in a room was %s", i, f.name, longest.Round(time.Millisecond))
	}
	shares(t, d)
	for _, r := range runs {
		r.finish()
		r.verify()
		for _, s := range r.senders {
			if s.Unordered {
				t.Errorf("a message of %s was not acked within the 15 s for which the gateway tries", s.Name)
			}
		}
	}
	for kind, longest := range pauses {
		t.Logf("the longest pause of a room's acks after a %s: %s", kind, longest.Round(time.Millisecond))
	}
}

// handOvers is how many faults there are: NATTER_E2E_HANDOVERS, or a few.
func handOvers(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("NATTER_E2E_HANDOVERS"), "8"))
	if err != nil || n < 1 {
		t.Fatalf("NATTER_E2E_HANDOVERS=%s is not a number of faults", os.Getenv("NATTER_E2E_HANDOVERS"))
	}
	return n
}

func roomPerPartition() []string {
	rooms := make([]string, partitions)
	for n, left := 0, partitions; left > 0; n++ {
		room := fmt.Sprint("crash-", n)
		if p := subject.Partition(room, partitions); rooms[p] == "" {
			rooms[p] = room
			left--
		}
	}
	return rooms
}

// replicaFaults picks what happens next to which replica.
func replicaFaults(d *shape.Deployment, random *rand.Rand) fault {
	p := d.Process(shape.HistoryName(random.IntN(histories)))
	switch random.IntN(6) {
	case 0, 1:
		return killed(p)
	case 2, 3:
		return drained(p)
	case 4:
		return halted(p)
	}
	return haltedFor(p, 10*time.Second)
}

// drained stops it in order and starts it again.
func drained(p *process.Process) fault {
	return fault{"drain " + p.Name(), func(ctx context.Context, random *rand.Rand) error {
		if err := p.Stop(); err != nil {
			return err
		}
		wait(aMoment(random))
		return p.Start(ctx)
	}}
}

// haltedFor stops it for so long that others take over, and lets it go on.
func haltedFor(p *process.Process, d time.Duration) fault {
	return fault{"halt " + p.Name() + " for " + d.String(), func(context.Context, *rand.Rand) error {
		if err := p.Pause(); err != nil {
			return err
		}
		wait(d)
		return p.Continue()
	}}
}

// watchPauses measures until stop is called, and gives the longest time for
// which a room had no ack.
func watchPauses(runs []*crashRun) (stop func() time.Duration) {
	done := make(chan struct{})
	longest := make([]time.Duration, len(runs))
	var all sync.WaitGroup
	for i, r := range runs {
		all.Go(func() {
			tick := time.NewTicker(2 * time.Millisecond)
			defer tick.Stop()
			acked, since := r.acks.All.Load(), time.Now()
			for {
				now := r.acks.All.Load()
				longest[i] = max(longest[i], time.Since(since))
				if now != acked {
					acked, since = now, time.Now()
				}
				select {
				case <-done:
					return
				case <-tick.C:
				}
			}
		})
	}
	return func() time.Duration {
		close(done)
		all.Wait()
		most := time.Duration(0)
		for _, l := range longest {
			most = max(most, l)
		}
		return most
	}
}
