//go:build chaos

package chaos_test

import "testing"

// TestChaosClocks: clocks jump, each by itself, beside all other faults.
func TestChaosClocks(t *testing.T) {
	built := programs(t, "faultpoints")
	for _, shape := range []string{"standalone", "split"} {
		t.Run(shape, func(t *testing.T) {
			cfg := config(t, shape, built)
			cfg.Clocks = true
			clean(t, cfg)
		})
	}
}
