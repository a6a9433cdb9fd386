package presence

import (
	"context"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// mailbox is what reaches the loop.
type mailbox struct {
	// busy is held by the loop while it works, and by who looks at the replica in
	// its stead; replica is nil while there is no loop.
	busy    sync.Mutex
	replica *replica

	gateways  chan *nats.Msg
	peers     chan *nats.Msg
	questions chan question
	synced    chan synced
	// views are functions that look at the replica.
	views chan func(*replica)
}

func newMailbox() *mailbox {
	return &mailbox{
		gateways:  make(chan *nats.Msg, 65536),
		peers:     make(chan *nats.Msg, 4096),
		questions: make(chan question, 1024),
		synced:    make(chan synced, syncsAtOnce),
		views:     make(chan func(*replica)),
	}
}

// loop works until ctx ends. show is given the state after each tick.
func loop(ctx context.Context, r *replica, box *mailbox, show func(*state)) {
	tick := time.NewTimer(window)
	defer tick.Stop()
	box.lend(r)
	defer box.lend(nil)
	for {
		select {
		case <-ctx.Done():
			box.work(r.leave)
			return
		case m := <-box.gateways:
			box.work(func() { r.gatewayMessage(m) })
		case m := <-box.peers:
			box.work(func() { r.peerMessage(m) })
		case q := <-box.questions:
			box.work(func() { r.ask(q) })
		case s := <-box.synced:
			box.work(func() { r.synced(time.Now(), s) })
		case view := <-box.views:
			box.work(func() { view(r) })
		case <-tick.C:
			now := time.Now()
			box.work(func() {
				r.tick(now)
				show(r.state(now))
			})
			tick.Reset(window)
		}
	}
}

// lend has the replica looked at by others, too; nil: no more.
func (b *mailbox) lend(r *replica) { b.work(func() { b.replica = r }) }

func (b *mailbox) work(do func()) {
	b.busy.Lock()
	defer b.busy.Unlock()
	do()
}

// atOnce answers a question about a user in the loop's stead, if that does
// nothing just now and the replica knows everybody. To wake the loop for it takes
// longer than to answer.
func (b *mailbox) atOnce(q question) (answered bool) {
	if !b.busy.TryLock() {
		return false
	}
	defer b.busy.Unlock()
	if b.replica == nil || !b.replica.owning {
		return false
	}
	b.replica.ask(q)
	return true
}

func (r *replica) gatewayMessage(raw *nats.Msg) {
	m := &presencev1.FromGateway{}
	gateway, err := subject.Last(raw.Subject)
	if err != nil || proto.Unmarshal(raw.Data, m) != nil || m.GetGateway() != gateway {
		r.metrics.malformed.Inc()
		return
	}
	r.metrics.heard(m)
	r.hear(time.Now(), m)
}

func (r *replica) peerMessage(raw *nats.Msg) {
	m := &presencev1.Peer{}
	if proto.Unmarshal(raw.Data, m) != nil {
		r.metrics.malformed.Inc()
		return
	}
	r.hearPeer(time.Now(), m, raw.Reply)
}
