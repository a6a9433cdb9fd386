package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go"
)

// lossesEvery bounds how often all rooms are asked for.
const lossesEvery = time.Second

// watchLosses notices what makes messages of NATS go missing without a trace: a
// lost connection, and a queue that was full. All rooms are compared with their
// owners then. The returned function ends it.
func (g *Gateway) watchLosses() (stop func()) {
	onError, onReconnect := g.nc.ErrorHandler(), g.nc.ReconnectHandler()
	g.nc.SetErrorHandler(func(nc *nats.Conn, sub *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrSlowConsumer) {
			g.dropped()
		}
		if onError != nil {
			onError(nc, sub, err)
		}
	})
	g.nc.SetReconnectHandler(func(nc *nats.Conn) {
		g.lost()
		if onReconnect != nil {
			onReconnect(nc)
		}
	})
	return func() {
		g.nc.SetErrorHandler(onError)
		g.nc.SetReconnectHandler(onReconnect)
	}
}

// dropped notes a message that had no room in a queue.
func (g *Gateway) dropped() {
	g.metrics.natsDropped.Inc()
	g.lost()
}

func (g *Gateway) lost() {
	select {
	case g.losses <- struct{}{}:
	default:
	}
}

func (g *Gateway) checkLosses(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-g.losses:
		}
		g.heads.checkAll()
		g.revocations.kick()
		for _, f := range g.feeds.all() {
			f.doubt()
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lossesEvery):
		}
	}
}
