package gateway

import "runtime"

// splitFlush is how many outboxes one goroutine flushes where there are more
// processors.
const splitFlush = 64

// dirty collects outboxes to which a flush is owed, so that one batch of
// input costs each of them one write.
type dirty []*outbox

// put queues frames and notes the debt. It tells whether they were taken.
func (d *dirty) put(o *outbox, frames []byte, c class) bool {
	switch o.put(frames, c) {
	case owed:
		*d = append(*d, o)
	case shed:
		return false
	}
	return true
}

// flush pays all debts. A large number is shared between the processors.
func (d *dirty) flush() {
	all := *d
	for shares := runtime.GOMAXPROCS(0); shares > 1 && len(all) > splitFlush; shares-- {
		n := len(all) / shares
		share := append([]*outbox(nil), all[:n]...)
		all = all[n:]
		go flushEach(share)
	}
	flushEach(all)
	clear(*d)
	*d = (*d)[:0]
}

func flushEach(outboxes []*outbox) {
	for _, o := range outboxes {
		o.flush()
	}
}
