package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestStalledReadersAreCounted: whose socket takes nothing any more is let go as
// a slow reader, and counted as one, once.
func TestStalledReadersAreCounted(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.OutboxBytes = 64 << 20 }) // so that it is not full first
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	conn := r.dialStopped(t, "bo")
	defer conn.Close()
	text := strings.Repeat("long ", 3000)
	waits := func() bool { return r.users.sessions("bo")[0].out().size() > 8<<20 } // more than the kernel takes in the end
	for i := 0; !waits(); i++ {
		r.town.Post("ana", "lobby", fmt.Sprint("m", i), text)
	}
	counted := func(reason string) float64 { return testutil.ToFloat64(r.metrics.slow.WithLabelValues(reason)) }
	natstest.Eventually(t, time.Minute, "it is let go", func() bool { return counted(slowStalled) == 1 && len(r.users.sessions("bo")) == 0 })
	if n := testutil.ToFloat64(r.metrics.closes.WithLabelValues("4008")); n != 1 || counted(slowFull) != 0 {
		t.Errorf("%v closes are counted as slow, %v as full", n, counted(slowFull))
	}
}
