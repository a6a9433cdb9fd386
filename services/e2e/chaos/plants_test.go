//go:build chaos

package chaos_test

import (
	"slices"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/plant"
)

// TestPlantedBugs: each way to leave out what keeps natter's promises is found
// within one run, under the name of the promise. The programs have the bugs only
// if they are built with the tag plants.
func TestPlantedBugs(t *testing.T) {
	built := programs(t, "faultpoints,plants")
	for _, bug := range []struct {
		name, shape string
		kinds       []string
		faults      int
		rules       []string // one of them at least is broken
	}{
		{plant.FenceOff, "split", []string{"hold history's network", "halt nats", "kill history"}, 10, []string{"lost", "ack", "order", "unstored", "twice"}},
		{plant.AckBeforeAppend, "split", []string{"fill a log"}, 3, []string{"lost"}},
		{plant.ResumeWithoutRepair, "standalone", []string{"cut the clients' network"}, 3, []string{"gap"}},
		{plant.RemovedIgnored, "standalone", []string{"slow the clients' network"}, 3, []string{"leak"}},
	} {
		t.Run(bug.name, func(t *testing.T) {
			cfg := config(t, bug.shape, built)
			cfg.For, cfg.Faults, cfg.Kinds, cfg.Pace = 0, bug.faults, bug.kinds, 40*time.Millisecond
			cfg.Rest = 5 * time.Second // what a bug keeps away does not come
			cfg.Env = []string{"NATTER_PLANT=" + bug.name}
			summary := execute(t, cfg)
			for _, v := range summary.Violations {
				if slices.Contains(bug.rules, v.Rule) {
					return
				}
			}
			keep(t, cfg.Dir)
			t.Errorf("no violation of %q was found", bug.rules)
		})
	}
}
