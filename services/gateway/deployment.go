package gateway

import (
	"sync/atomic"

	"github.com/natter-chat/natter/proto/subject"
)

// deployment is what all services agree on: how many partitions there are, and
// which past the seqs belong to.
type deployment struct {
	partitions atomic.Int32
	epoch      atomic.Uint64
	// renewed is told when another epoch begins than the one clients were
	// greeted with. It must not wait.
	renewed func(epoch uint64)
}

// known tells whether it was learned yet; nobody is greeted before.
func (d *deployment) known() bool { return d.partitions.Load() > 0 }

func (d *deployment) count() int { return int(d.partitions.Load()) }

// partition of a room.
func (d *deployment) partition(room string) int { return subject.Partition(room, d.count()) }

// observe takes the epoch that a message names: of two the higher lives. It
// tells whether the message is of the living one.
func (d *deployment) observe(epoch uint64) bool {
	for {
		now := d.epoch.Load()
		if epoch <= now {
			return epoch == now
		}
		if d.epoch.CompareAndSwap(now, epoch) {
			if now != 0 {
				d.renewed(epoch)
			}
			return true
		}
	}
}
