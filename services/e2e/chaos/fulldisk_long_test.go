//go:build chaos && e2e

package chaos_test

import "testing"

// TestChaosFullDisks: what keeps data has a small disk, which is full now and
// then, beside all other faults. It needs root.
func TestChaosFullDisks(t *testing.T) {
	built := programs(t, "faultpoints")
	for _, shape := range []string{"standalone", "split"} {
		t.Run(shape, func(t *testing.T) {
			cfg := config(t, shape, built)
			cfg.SmallDisks = true
			clean(t, cfg)
		})
	}
}
