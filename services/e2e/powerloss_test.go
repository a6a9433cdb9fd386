//go:build linux && e2e && power

package e2e_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/disk"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// powerLosses is how often the power goes: NATTER_E2E_POWERLOSSES, or a few times.
func powerLosses(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("NATTER_E2E_POWERLOSSES"), "5"))
	if err != nil || n < 1 {
		t.Fatalf("NATTER_E2E_POWERLOSSES=%s is not a number of losses", os.Getenv("NATTER_E2E_POWERLOSSES"))
	}
	return n
}

// TestPowerLoss: all that keeps data loses power at once, at random moments
// under load, and with it whatever was not synced. What was acked is there, once,
// with the seq of its ack, and those who read saw nothing else.
func TestPowerLoss(t *testing.T) {
	t.Run("standalone", func(t *testing.T) {
		losePower(t, machines(t, prepared(t, shape.Standalone(), withoutLimits()...), "natter"))
	})
	t.Run("split", func(t *testing.T) {
		losePower(t, machines(t, prepared(t, shape.Split(), withoutLimits()...), "nats", "history"))
	})
	t.Run("clustered", func(t *testing.T) {
		_, url := database(t)
		losePower(t, machines(t, prepared(t, shape.Clustered(histories), append(onPostgres(url), withoutLimits()...)...), "nats-1", "nats-2", "nats-3"))
	})
}

func losePower(t *testing.T, p *plug) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	run := startLoad(t, p.d)
	for i := range powerLosses(t) {
		run.more(1 + random.IntN(300))
		wait(time.Duration(random.Int64N(int64(20 * time.Millisecond))))
		p.pull(t)
		began := time.Now()
		run.more(50)
		t.Logf("power loss %d: 50 acks came within %s", i+1, time.Since(began).Round(time.Millisecond))
	}
	run.finish()
	run.verify()
}

// plug is the power of some processes and their disks.
type plug struct {
	d         *shape.Deployment
	processes []*process.Process
	disks     []*disk.Disk
}

// machines starts a deployment of which some processes have a disk each.
func machines(t *testing.T, d *shape.Deployment, names ...string) *plug {
	t.Helper()
	shelf, err := disk.NewShelf(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.Kill(), shelf.Close()); err != nil {
			t.Error(err)
		}
	})
	p := &plug{d: d}
	for _, name := range names {
		on, err := shelf.Mount(filepath.Join(d.Dir(name), "data"))
		if err != nil {
			t.Fatal(err)
		}
		p.disks, p.processes = append(p.disks, on), append(p.processes, d.Process(name))
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// pull ends all at one instant, and starts them on what their disks had been
// told to keep by then.
func (p *plug) pull(t *testing.T) {
	t.Helper()
	var errs []error
	for _, process := range p.processes {
		errs = append(errs, process.Pause()) // what comes after this is seen by nobody
	}
	for _, on := range p.disks {
		errs = append(errs, on.Keep())
	}
	for _, process := range p.processes {
		errs = append(errs, process.Kill())
	}
	for _, on := range p.disks {
		errs = append(errs, on.Lose())
	}
	if err := errors.Join(append(errs, p.d.Start(t.Context()))...); err != nil {
		t.Fatal(err)
	}
}

// TestPowerLossWithoutSync: where acks promise no more than OS, the power takes
// what was acked last. What is left is the beginning of what was there, all are
// told that the past changed, and chat goes on.
func TestPowerLossWithoutSync(t *testing.T) {
	p := machines(t, prepared(t, shape.Standalone(), append(withoutLimits(), "NATTER_DURABILITY=os")...), "natter")
	ana := enter(t, p.d, 0, "ana")
	room := ana.create("room", nil).Room
	const sent = 100
	for n := range sent {
		if ack := ana.send(room, fmt.Sprint("message ", n)); ack.Durability != "OS" || ack.Seq != uint32(n+2) {
			t.Fatalf("message %d was acked with %+v", n, ack)
		}
	}
	before := ana.welcome.Epoch
	p.pull(t)

	again := enter(t, p.d, 0, "ana")
	page := &client.Page{}
	if reply := again.do("messages", M{"room": room, "after": 0, "limit": 100}); reply.Page != nil {
		page = reply.Page
	} else { // the room was as young, and is made again
		again.create(room, nil)
	}
	if len(page.Messages) < sent && again.welcome.Epoch == before {
		t.Errorf("messages are gone, and the epoch is still %s", before)
	}
	for i, m := range page.Messages {
		if m.Seq != uint32(i+2) || m.Text != fmt.Sprint("message ", i) {
			t.Errorf("message %d is %q with seq %d", i, m.Text, m.Seq)
		}
	}
	if ack := again.send(room, "and on"); ack.Seq != uint32(len(page.Messages)+2) {
		t.Errorf("after %d messages one was acked with %+v", len(page.Messages), ack)
	}
	t.Logf("%d of %d acked messages were lost", sent-len(page.Messages), sent)
}
