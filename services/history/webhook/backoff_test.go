package webhook

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBackoff(t *testing.T) {
	b := DefaultBackoff()
	for attempt, most := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 3: 4 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute, 1000: 5 * time.Minute} {
		if got := b.Delay(attempt, 1, 0); got != most {
			t.Errorf("attempt %d waits at most %s, want %s", attempt, got, most)
		}
	}
	if got := b.Delay(1, 0, 30*time.Second); got != 30*time.Second {
		t.Errorf("a receiver asks for 30 s and gets %s", got)
	}
	if got := b.Delay(1, 0, 48*time.Hour); got != time.Hour {
		t.Errorf("a receiver asks for 48 h and gets %s", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		attempt, part := rapid.IntRange(1, 100).Draw(t, "attempt"), rapid.Float64Range(0, 0.999).Draw(t, "part")
		if got := b.Delay(attempt, part, 0); got < 100*time.Millisecond || got > b.Most {
			t.Fatalf("attempt %d waits %s", attempt, got)
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "120": 2 * time.Minute, "0": 0, "-5": 0, "1.5": 0, "soon": 0, "99999999999": 0,
		"Sun, 01 Mar 2026 12:01:00 GMT": time.Minute, "Sun, 01 Mar 2026 11:00:00 GMT": 0,
	} {
		if got := RetryAfter(header, now); got != want {
			t.Errorf("%q is %s, want %s", header, got, want)
		}
	}
}
