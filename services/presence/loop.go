package presence

import (
	"context"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// mailbox is what reaches the loop.
type mailbox struct {
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
	for {
		select {
		case <-ctx.Done():
			r.leave()
			return
		case m := <-box.gateways:
			r.gatewayMessage(m)
		case m := <-box.peers:
			r.peerMessage(m)
		case q := <-box.questions:
			r.ask(q)
		case s := <-box.synced:
			r.synced(time.Now(), s)
		case view := <-box.views:
			view(r)
		case <-tick.C:
			now := time.Now()
			r.tick(now)
			show(r.state(now))
			tick.Reset(window)
		}
	}
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
