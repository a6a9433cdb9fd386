package e2e_test

import (
	"cmp"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// usualRestarts of gateways; NATTER_E2E_RESTARTS asks for another number.
const usualRestarts = "6"

func restarts(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(cmp.Or(os.Getenv("NATTER_E2E_RESTARTS"), usualRestarts))
	if err != nil || n < 1 {
		t.Fatalf("NATTER_E2E_RESTARTS=%s is not a number of restarts", os.Getenv("NATTER_E2E_RESTARTS"))
	}
	return n
}

// timeFor tells whether so much time is left before the test has to end.
func timeFor(t *testing.T, d time.Duration) bool {
	end, bounded := t.Deadline()
	return !bounded || time.Until(end) > d
}

// TestRollingRestarts: gateways are replaced one after another while people
// write and read, as a deploy does. Nobody loses, doubles or reorders
// anything, whether they go when they are asked to or stay until they are cut
// off.
func TestRollingRestarts(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), append(withoutLimits(), "NATTER_DRAIN=500ms", "NATTER_LOG_LEVEL=info")...)
	each := func(i int) int { return i }
	run := startCrowd(t, d, crowd{room: "crash", senders: 6, pace: 40 * time.Millisecond, observers: 4, sessions: 3, obey: true, sendersAt: each, observersAt: each})
	began, count, done := time.Now(), restarts(t), 0
	for ; done < count && timeFor(t, 2*time.Minute); done++ {
		p := d.Process([]string{"gateway-1", "gateway-2"}[done%2])
		if err := p.Stop(); err != nil {
			t.Fatalf("restart %d: %v", done, err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatalf("restart %d: %v", done, err)
		}
		run.more(10)
	}
	t.Logf("%d restarts in %s", done, time.Since(began).Round(time.Second))
	run.finish()
	run.verify()
	if done < count {
		t.Errorf("there was time for %d restarts of %d only; give -timeout more", done, count)
	}
	for i, s := range run.senders {
		if s.Unordered {
			t.Errorf("sender %d was told UNAVAILABLE", i)
		}
	}
}
