package history

import (
	"errors"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestATakeOverEndsUnderItsLease: whose lease has run out meanwhile may have
// written over another owner's end, who would not know it: it does not go on.
func TestATakeOverEndsUnderItsLease(t *testing.T) {
	server := natstest.Start(t)
	s, err := newService(t, server, testConfig(t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	defer s.store.Close()
	nc, err := dialer(t, server)(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()

	gone := newLease(time.Now().Add(-time.Hour))
	gone.renew(time.Now().Add(-time.Minute))
	if _, _, err := s.takeOver(t.Context(), nc, 0, gone); !errors.Is(err, errLeaseGone) {
		t.Errorf("without a lease: %v", err)
	}

	// One that is renewed a moment late is good: nobody can have had it between.
	late := newLease(time.Now().Add(-time.Hour))
	late.renew(time.Now().Add(-time.Minute))
	done := make(chan error, 1)
	go func() {
		_, _, err := s.takeOver(t.Context(), nc, 0, late)
		done <- err
	}()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("with a lease that is renewed late: %v", err)
			}
			return
		case now := <-tick.C:
			late.extend(now)
		}
	}
}
