package e2e_test

import (
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestHerd: a gateway dies, and all who were there come back to another one at
// once, while others write. Each of them is told every event once, in order,
// and nobody has to begin anew.
func TestHerd(t *testing.T) {
	d := alone(t, shape.Split(), withoutLimits()...)
	run := startCrowd(t, d, crowd{
		room:    "crash",
		senders: 20, pace: time.Second, observers: 50, sessions: 10,
		sendersAt: func(int) int { return 1 }, observersAt: func(int) int { return 0 },
	})
	run.more(40)
	if err := d.Process("gateway-1").Kill(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	run.more(60)
	run.finish()
	t.Logf("%d sessions came back and were told all within %s", len(run.observers), time.Since(began).Round(time.Millisecond))
	if err := d.Process("gateway-1").Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	run.verify()
	for i, o := range run.observers {
		if o.Resumes["COMPLETE"] == 0 || o.Resumes["TRUNCATED"] > 0 {
			t.Errorf("session %d came back as %v", i, o.Resumes)
		}
	}
}
