package gateway

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	// hereEvery is how often a gateway says that it is there.
	hereEvery = time.Second
	// hereFor is how long it is believed. One that died is waited for, and
	// named, until then.
	hereFor = 10 * time.Second
	// orderTimeout is how long an order's answers are waited for.
	orderTimeout = 3 * time.Second
)

// control is what gateways tell each other: that they are there, and what
// admins order of all of them.
type control struct {
	gateway *Gateway
	subs    []*nats.Subscription

	mu     sync.Mutex
	peers  map[string]time.Time // when each was heard last; never this one
	orders map[string]*order    // that wait for answers here
}

// order waits for the answers to one order.
type order struct {
	expected map[string]bool          // who has not answered
	answers  map[string]proto.Message // by gateway
	done     chan struct{}            // closed with the last answer that is expected
}

// responses are what came of an order.
type responses struct {
	// answers by gateway, this one's among them.
	answers map[string]proto.Message
	// silent are those that were expected to answer and did not, by id.
	silent []string
}

func newControl(g *Gateway) *control {
	return &control{gateway: g, peers: map[string]time.Time{}, orders: map[string]*order{}}
}

// follow hears the others, until run ends.
func (c *control) follow() error {
	for _, from := range []string{subject.Gateways, subject.GatewayAnswer(c.gateway.instance)} {
		sub, err := c.gateway.nc.Subscribe(from, c.on)
		if err != nil {
			return err
		}
		c.subs = append(c.subs, sub)
	}
	return nil
}

// run says that this gateway is there, until ctx ends.
func (c *control) run(ctx context.Context) {
	ticker := time.NewTicker(hereEvery)
	defer ticker.Stop()
	for {
		c.say(&chatv1.Control{Control: &chatv1.Control_Here{Here: &chatv1.GatewayHere{}}})
		select {
		case <-ctx.Done():
			c.say(&chatv1.Control{Control: &chatv1.Control_Here{Here: &chatv1.GatewayHere{Leaving: true}}})
			for _, sub := range c.subs {
				_ = sub.Unsubscribe() // fails only where the connection has ended
			}
			return
		case <-ticker.C:
		}
	}
}

// say tells all gateways.
func (c *control) say(m *chatv1.Control) { c.tell(subject.Gateways, m) }

func (c *control) tell(to string, m *chatv1.Control) {
	m.Gateway = c.gateway.instance
	c.gateway.publish(to, m)
}

// on takes what another gateway said.
func (c *control) on(msg *nats.Msg) {
	m := &chatv1.Control{}
	if proto.Unmarshal(msg.Data, m) != nil || m.GetGateway() == "" || m.GetGateway() == c.gateway.instance {
		return
	}
	switch said := m.GetControl().(type) {
	case *chatv1.Control_Here:
		if c.heard(m.GetGateway(), said.Here.GetLeaving(), time.Now()) { // it does not know this one yet
			c.say(&chatv1.Control{Control: &chatv1.Control_Here{Here: &chatv1.GatewayHere{}}})
		}
	case *chatv1.Control_Disconnect:
		sessions := c.gateway.disconnect(said.Disconnect)
		c.say(&chatv1.Control{Control: &chatv1.Control_Disconnected{
			Disconnected: &chatv1.UserDisconnected{Order: said.Disconnect.GetOrder(), Sessions: uint32(sessions)},
		}})
	case *chatv1.Control_Disconnected:
		c.answered(m.GetGateway(), said.Disconnected.GetOrder(), said.Disconnected)
	case *chatv1.Control_Order:
		c.ordered(m.GetGateway(), said.Order)
	case *chatv1.Control_Answer:
		c.answered(m.GetGateway(), said.Answer.GetOrder(), said.Answer)
	}
}

// ordered carries out an order for this gateway. It may take a while where there
// are many sessions, and what else is said shall not wait for it.
func (c *control) ordered(by string, o *chatv1.GatewayOrder) {
	if o.GetGateway() != "" && o.GetGateway() != c.gateway.instance {
		return
	}
	c.gateway.background(func(context.Context) {
		if answer := c.gateway.carryOut(o); answer != nil {
			c.tell(subject.GatewayAnswer(by), &chatv1.Control{Control: &chatv1.Control_Answer{Answer: answer}})
		}
	})
}

// heard notes that a gateway is there or leaves; it tells whether it is new.
func (c *control) heard(gateway string, leaving bool, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for peer, last := range c.peers {
		if now.Sub(last) > hereFor {
			delete(c.peers, peer)
		}
	}
	if leaving {
		delete(c.peers, gateway)
		return false
	}
	_, known := c.peers[gateway]
	c.peers[gateway] = now
	return !known
}

// there tells whether a gateway is there, this one or another.
func (c *control) there(gateway string, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	last, known := c.peers[gateway]
	return gateway == c.gateway.instance || known && now.Sub(last) <= hereFor
}

func (c *control) answered(gateway, id string, answer proto.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.orders[id]
	if o == nil {
		return
	}
	if o.answers[gateway] == nil {
		o.answers[gateway] = answer
	}
	if o.expected[gateway] {
		if delete(o.expected, gateway); len(o.expected) == 0 {
			close(o.done)
		}
	}
}

// newOrder is an order's id.
func (c *control) newOrder() string { return c.gateway.instance + "-" + natsx.Instance() }

// everywhere gives an order to all gateways, or to the one that it names, and
// waits for those that are known to be there.
func (c *control) everywhere(ctx context.Context, o *chatv1.GatewayOrder) responses {
	o.Order = c.newOrder()
	return c.give(ctx, o.Order, o.GetGateway(), &chatv1.Control{Control: &chatv1.Control_Order{Order: o}}, func() proto.Message { return c.gateway.carryOut(o) })
}

// disconnectEverywhere has all gateways close a user's sessions.
func (c *control) disconnectEverywhere(ctx context.Context, d *chatv1.DisconnectUser) responses {
	d.Order = c.newOrder()
	return c.give(ctx, d.Order, "", &chatv1.Control{Control: &chatv1.Control_Disconnect{Disconnect: d}}, func() proto.Message {
		return &chatv1.UserDisconnected{Sessions: uint32(c.gateway.disconnect(d))}
	})
}

// give sends an order, carries it out here, and waits for the others.
func (c *control) give(ctx context.Context, id, only string, order *chatv1.Control, here func() proto.Message) responses {
	o := c.expect(id, only, time.Now())
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.orders, id)
	}()
	own := map[string]proto.Message{}
	if only != c.gateway.instance {
		c.say(order)
	}
	if only == "" || only == c.gateway.instance {
		own[c.gateway.instance] = here()
	}
	timeout := time.NewTimer(orderTimeout)
	defer timeout.Stop()
	select {
	case <-o.done:
	case <-timeout.C:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.Copy(own, o.answers)
	return responses{answers: own, silent: slices.Sorted(maps.Keys(o.expected))}
}

// expect begins to wait for all gateways that are there, or for one.
func (c *control) expect(id, only string, now time.Time) *order {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := &order{expected: map[string]bool{}, answers: map[string]proto.Message{}, done: make(chan struct{})}
	for peer, last := range c.peers {
		if now.Sub(last) <= hereFor && (only == "" || only == peer) {
			o.expected[peer] = true
		}
	}
	if len(o.expected) == 0 {
		close(o.done)
	}
	c.orders[id] = o
	return o
}
