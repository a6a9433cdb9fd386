package gateway

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestAWheelThatIsBehindCallsNobodyTooSoon: a token's end that is looked at
// before it is there was never looked at again.
func TestAWheelThatIsBehindCallsNobodyTooSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWheel()
		time.Sleep(8 * wheelTick) // and it has not turned
		w.book(&session{}, errandExpire, 4*wheelTick)
		if early := w.due(12); len(early) != 0 {
			t.Errorf("called after %s, not after %s", 4*wheelTick, 5*wheelTick)
		}
		if due := w.due(13); len(due) != 1 {
			t.Errorf("%d appointments are due", len(due))
		}
	})
}
