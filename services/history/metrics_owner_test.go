package history

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestWhoOwnsNothingTellsNothing: how far a partition's store is behind is told
// by its owner, and not by whoever was.
func TestWhoOwnsNothingTellsNothing(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	told := func() int {
		return testutil.CollectAndCount(h.metrics.behind) + testutil.CollectAndCount(h.metrics.age) + testutil.CollectAndCount(h.metrics.waiting)
	}
	natstest.Eventually(t, time.Minute, "each partition is told of", func() bool { return told() == 3*h.partitions })
	h.stop()
	if n := told(); n != 0 {
		t.Errorf("%d figures are left of partitions that this replica owns no more", n)
	}
}
