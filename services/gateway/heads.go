package gateway

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

const (
	// silence is how long a partition may say nothing before its rooms are
	// asked for.
	silence = 5 * time.Second
	// checkJitter spreads the questions of many gateways after an outage.
	checkJitter  = 500 * time.Millisecond
	roomsPerAsk  = 1000
	checkTimeout = 10 * time.Second
	// recently is how long what a partition said last holds for what is told
	// without asking. It speaks each second.
	recently = 3 * time.Second
)

// heads follows how far the rooms of all partitions go, so that the last event
// of a room is not missed: no later one would show the hole.
type heads struct {
	gateway *Gateway

	mu     sync.Mutex
	heard  []time.Time // by partition
	checks []headCheck // by partition
}

// headCheck is a comparison of a partition's rooms.
type headCheck struct{ underWay, again bool }

// follow subscribes to all partitions.
func (h *heads) follow(partitions int) error {
	h.heard, h.checks = make([]time.Time, partitions), make([]headCheck, partitions)
	for p := range partitions {
		h.heard[p] = time.Now()
		on := func(msg *nats.Msg, d *dirty) { h.on(p, msg, d) }
		if _, err := h.gateway.dispatcher.subscribe(subject.Heads(p), subject.Heads(p), on); err != nil {
			return err
		}
	}
	return nil
}

// on takes a message of chat.heads.<p>.
func (h *heads) on(partition int, msg *nats.Msg, _ *dirty) {
	message := &chatv1.Heads{}
	if proto.Unmarshal(msg.Data, message) != nil || !h.gateway.deployment.observe(message.GetEpoch()) {
		return
	}
	now := time.Now()
	h.mu.Lock()
	h.heard[partition] = now
	h.mu.Unlock()
	for _, head := range message.GetHeads() {
		if f := h.gateway.feeds.get(head.GetRoom()); f != nil {
			f.head(head.GetSeq(), now, false)
		}
	}
	for _, m := range message.GetMemberships() {
		h.gateway.membership(m.GetUser(), m.GetRoom(), m.GetMember(), m.GetSeq())
	}
}

// run looks for partitions that have gone silent, until ctx ends.
func (h *heads) run(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			h.checkSilent(now)
		}
	}
}

// checkSilent has the partitions compared that said nothing for too long, and
// again after as long a time.
func (h *heads) checkSilent(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for p, heard := range h.heard {
		if now.Sub(heard) >= silence {
			h.heard[p] = now
			h.begin(p)
		}
	}
}

// current tells whether a partition has said of late how far its rooms go, and
// nothing that it said is known to be lost.
func (h *heads) current(partition int, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return now.Sub(h.heard[partition]) < recently && !h.checks[partition].underWay
}

// checkAll asks for all rooms: messages were lost, and nobody knows which.
func (h *heads) checkAll() {
	for p := range h.gateway.deployment.count() {
		h.checkSoon(p)
	}
}

// checkSoon has all feeds of a partition compared with what its owner says:
// one comparison at a time, and one more for what is lost meanwhile.
func (h *heads) checkSoon(partition int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin(partition)
}

// begin is checkSoon for who holds the lock.
func (h *heads) begin(partition int) {
	if c := &h.checks[partition]; c.underWay {
		c.again = true
	} else {
		c.underWay = true
		h.gateway.background(func(ctx context.Context) { h.checkNow(ctx, partition) })
	}
}

// checkNow asks until the owner has answered. Then it looks for memberships,
// too, since those may have been lost as well.
func (h *heads) checkNow(ctx context.Context, partition int) {
	for again := true; again; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(rand.N(checkJitter)):
		}
		h.began(partition)
		if err := h.check(ctx, partition); err != nil {
			if ctx.Err() == nil {
				h.gateway.log.Warn("a partition does not say how far its rooms go", "partition", partition, "error", err)
			}
			continue
		}
		again = h.checked(partition)
	}
	h.gateway.census.soon()
}

// began says that what was lost up to now is looked for.
func (h *heads) began(partition int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks[partition].again = false
}

// checked says that a comparison is done, and tells whether it was too early.
func (h *heads) checked(partition int) (again bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := &h.checks[partition]
	c.underWay = c.again
	return c.again
}

// check compares all feeds of a partition with what its owner says.
func (h *heads) check(ctx context.Context, partition int) error {
	var rooms []string
	for _, f := range h.gateway.feeds.all() {
		if h.gateway.deployment.partition(f.room) == partition {
			rooms = append(rooms, f.room)
		}
	}
	for part := range slices.Chunk(rooms, roomsPerAsk) {
		if err := h.compare(ctx, partition, part); err != nil {
			return err
		}
	}
	return nil
}

func (h *heads) compare(ctx context.Context, partition int, rooms []string) error {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	reply, err := h.gateway.questions.owner(ctx, partition, &chatv1.Ask{
		Question: &chatv1.Ask_Heads{Heads: &chatv1.AskHeads{Rooms: rooms}},
	})
	if err != nil {
		return err
	}
	for _, head := range reply.GetHeads().GetHeads() {
		if f := h.gateway.feeds.get(head.GetRoom()); f != nil {
			f.head(head.GetSeq(), time.Now(), true)
		}
	}
	return nil
}
