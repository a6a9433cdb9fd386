package bench

import (
	"math"
	"time"
)

const (
	shortest = 10 * time.Microsecond
	growth   = 1.05 // from one bucket to the next
	buckets  = 360  // up to more than 400 s
)

// latencies are counted in buckets of 5 percent, so that any number of them
// costs the same.
type latencies struct {
	counts [buckets]uint64
	total  uint64
	most   time.Duration
}

func (l *latencies) add(d time.Duration) {
	at := 0
	if d > shortest {
		at = min(int(math.Log(float64(d)/float64(shortest))/math.Log(growth))+1, buckets-1)
	}
	l.counts[at]++
	l.total++
	l.most = max(l.most, d)
}

func (l *latencies) merge(other *latencies) {
	for i, n := range other.counts {
		l.counts[i] += n
	}
	l.total += other.total
	l.most = max(l.most, other.most)
}

// percentile is the time within which that part of them lies, in milliseconds;
// 0 where there are none.
func (l *latencies) percentile(p float64) float64 {
	rank := uint64(math.Ceil(p * float64(l.total)))
	seen := uint64(0)
	for i, n := range l.counts {
		if seen += n; seen >= rank && n > 0 {
			upper := time.Duration(float64(shortest) * math.Pow(growth, float64(i)))
			return milliseconds(min(upper, l.most))
		}
	}
	return 0
}

func milliseconds(d time.Duration) float64 { return math.Round(d.Seconds()*1e5) / 100 }
