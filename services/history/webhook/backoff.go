package webhook

import (
	"net/http"
	"strconv"
	"time"
)

// Backoff is how long to wait after a failure: a random part of Base, doubled
// with each attempt up to Most.
type Backoff struct {
	Base, Most time.Duration
	// Asked bounds how long a receiver may ask to be left alone.
	Asked time.Duration
}

// DefaultBackoff is that of natter: up to 1 s, 2 s, 4 s ... 5 minutes.
func DefaultBackoff() Backoff {
	return Backoff{Base: time.Second, Most: 5 * time.Minute, Asked: time.Hour}
}

// leastPart is the smallest part of the time that is waited, in hundredths: a
// receiver that fails at once is not asked again at once.
const leastPart = 10

// Delay is how long to wait after the attempt-th failure (from 1). part says
// which part of the time, 0 up to 1. after is what the receiver asked for, 0:
// nothing; it is waited at least that long.
func (b Backoff) Delay(attempt int, part float64, after time.Duration) time.Duration {
	most := b.Base
	for range attempt - 1 {
		if most *= 2; most >= b.Most {
			most = b.Most
			break
		}
	}
	least := most * leastPart / 100
	return max(least+time.Duration(part*float64(most-least)), min(after, b.Asked))
}

// RetryAfter is how long a receiver asks to be left alone, by its header
// Retry-After: seconds, or a date. 0: it does not ask, or not in this form.
func RetryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
