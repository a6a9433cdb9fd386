//go:build e2e && power

package chaos_test

import "testing"

// TestFullDisk: natter's disk is full, and has room again. It goes on by itself,
// with all that it acked. This needs root.
func TestFullDisk(t *testing.T) {
	cfg := config(t, "standalone", programs(t, "faultpoints"))
	cfg.SmallDisks, cfg.Kinds, cfg.Faults, cfg.For = true, []string{"fill the disk"}, 2, 0
	clean(t, cfg)
}
