//go:build chaos

package chaos_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/chaos"
)

// TestChaosClocks: clocks jump, each by itself, beside all other faults.
func TestChaosClocks(t *testing.T) {
	inShapes(t, func(cfg *chaos.Config) { cfg.Clocks = true })
}
