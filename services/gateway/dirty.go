package gateway

import (
	"runtime"
	"slices"
)

// splitFlush is how many outboxes one goroutine flushes where there are more
// processors.
const splitFlush = 64

// dirty collects outboxes to which a flush is owed, so that one batch of
// input costs each of them one write.
type dirty struct {
	outboxes   []*outbox
	deliveries deliveries
}

// put queues frames and notes the debt. It tells whether they were taken.
func (d *dirty) put(o *outbox, frames []byte, c class) bool {
	switch o.put(frames, c) {
	case owed:
		d.outboxes = append(d.outboxes, o)
	case shed:
		return false
	}
	return true
}

// flush pays all debts. A large number is shared between the processors.
func (d *dirty) flush() {
	if shares := runtime.GOMAXPROCS(0); shares > 1 && len(d.outboxes) > splitFlush {
		d.share(shares)
	} else {
		flushEach(d.outboxes)
		d.deliveries.written()
	}
	clear(d.outboxes)
	d.outboxes = d.outboxes[:0]
}

func (d *dirty) share(shares int) {
	all := d.outboxes
	own := &shared{deliveries: deliveries{list: slices.Clone(d.deliveries.list), seconds: d.deliveries.seconds}}
	clear(d.deliveries.list)
	d.deliveries.list = d.deliveries.list[:0]
	own.left.Store(1)
	for ; shares > 1 && len(all) > splitFlush; shares-- {
		n := len(all) / shares
		share := append([]*outbox(nil), all[:n]...)
		all = all[n:]
		own.left.Add(1)
		go func() {
			flushEach(share)
			own.done()
		}()
	}
	flushEach(all)
	own.done()
}

func flushEach(outboxes []*outbox) {
	for _, o := range outboxes {
		o.flush()
	}
}
