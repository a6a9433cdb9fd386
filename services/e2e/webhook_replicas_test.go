//go:build e2e

package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestAWebhookOutlivesEveryReplica: deliveries are made by the replica that
// owns the room's partition. Each is killed in the middle of them and comes
// back, then each hands over by a stop, while people write: every event comes,
// first in order per room, and nothing waits in the end.
func TestAWebhookOutlivesEveryReplica(t *testing.T) {
	t.Parallel()
	_, url := database(t)
	d := alone(t, shape.Replicated(histories), append(onPostgres(url), allowHooks)...)
	shares(t, d)
	to := newHookReceiver(t)
	to.set(http.StatusOK, 20*time.Millisecond)
	id := to.hook(t, d, "*")
	ana := enter(t, d, 0, "ana")
	heads := map[string]uint32{}
	for n := range 2 * partitions {
		heads[ana.create(fmt.Sprint("room-", n), nil).Room] = 1
	}
	for round := range 2 * histories {
		write := func() {
			for room := range heads {
				heads[room] = ana.send(room, "text").Seq
			}
		}
		for range 5 {
			write()
		}
		p := d.Process(shape.HistoryName(round % histories))
		end := p.Kill
		if round >= histories {
			end = p.Stop
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		for range 5 { // others write and deliver meanwhile
			write()
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for room, head := range heads {
		natstest.Eventually(t, hookPatience, "all of "+room+" is delivered", func() bool { return to.complete(room, head) })
		to.check(t, room)
	}
	shares(t, d)
	natstest.Eventually(t, recovery, "nothing waits", func() bool {
		out, exit := admins(t, d, "webhook", "get", id)
		return exit == 0 && strings.Contains(out, "rooms waiting   0") && strings.Contains(out, "dead letters    0")
	})
}
