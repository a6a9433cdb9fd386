package presence

import (
	"testing"
	"time"
)

func TestTimeStandsStillWhileNobodyIsHeard(t *testing.T) {
	start := time.UnixMilli(1e12)
	c := clock{last: start}
	steps := []struct {
		name string
		real time.Duration
		skip bool
		want time.Duration
	}{
		{"it goes on", 250 * time.Millisecond, false, 250 * time.Millisecond},
		{"a stall is left out", 20 * time.Second, false, 250 * time.Millisecond},
		{"then it goes on", 21 * time.Second, false, 1250 * time.Millisecond},
		{"no connection", 21500 * time.Millisecond, true, 1250 * time.Millisecond},
		{"again", 22 * time.Second, true, 1250 * time.Millisecond},
		{"connected", 22250 * time.Millisecond, false, 1500 * time.Millisecond},
	}
	for _, s := range steps {
		if s.skip {
			c.skip(start.Add(s.real))
		}
		if got := c.now(start.Add(s.real)).Sub(start); got != s.want {
			t.Errorf("%s: it is %v, want %v", s.name, got, s.want)
		}
	}
}
