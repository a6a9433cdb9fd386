//go:build chaos && e2e

package chaos_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/chaos"
)

// TestChaosFullDisks: what keeps data has a small disk, which is full now and
// then, beside all other faults. It needs root.
func TestChaosFullDisks(t *testing.T) {
	inShapes(t, func(cfg *chaos.Config) { cfg.SmallDisks = true })
}
