package e2e_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestDrain: told to stop, a gateway sends its clients away and finishes what
// it began; they go on elsewhere, or when it is back.
func TestDrain(t *testing.T) {
	t.Parallel()
	const drain = 2 * time.Second
	everywhereAlone(t, append(withoutLimits(), "NATTER_DRAIN="+drain.String()), func(t *testing.T, d *shape.Deployment) {
		leaving := d.Process("natter")
		if leaving == nil {
			leaving = d.Process("gateway-1")
		}
		ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
		room := ana.create("room", nil).Room
		bo.view("join", M{"room": room})
		ana.send(room, "before")
		began := time.Now()
		if err := leaving.Terminate(); err != nil {
			t.Fatal(err)
		}
		goaway := ana.await("goaway", 0, func(f client.Frame) bool { return f.Goaway != nil }).Goaway
		if goaway.AfterMs > uint32(drain.Milliseconds()) {
			t.Errorf("goaway is %+v; the drain takes %s", goaway, drain)
		}
		if response := get(t, d.Ops[0]+"/readyz"); response.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("while it drains /readyz says %s", response.Status)
		}
		_, err := client.Dial(t.Context(), gateway(d, 0), client.Options{})
		var refused *client.Refused
		if !errors.As(err, &refused) || refused.Status != http.StatusServiceUnavailable {
			t.Errorf("while it drains a new connection gets %v", err)
		}
		during := ana.send(room, "while it drains").Seq
		ana.closed(4001)
		if after := time.Since(began); after < drain*9/10 {
			t.Errorf("closed after %s; the drain takes %s", after, drain)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if code, err := leaving.Wait(ctx); err != nil || code != 0 {
			t.Fatalf("it ended with %d (%v)", code, err)
		}
		if len(d.Gateways) == 1 {
			if err := leaving.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
		} else {
			bo.reach(room, during)
		}
		back := ana.back(d, 1)
		if resume := back.resumed(room).Resume; resume != "COMPLETE" {
			t.Errorf("elsewhere the room is %s", resume)
		}
		back.reach(room, during)
	})
}

// TestServicesStopOrderly: nothing is lost and nobody is sent away when what
// stands behind the gateways is replaced.
func TestServicesStopOrderly(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), withoutLimits()...)
	ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
	room := ana.create("room", nil).Room
	bo.view("join", M{"room": room})
	for _, name := range []string{"presence", "history", "nats"} {
		p := d.Process(name)
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
		id, err := ana.Post("send", ana.message(room, "while "+name+" is away"))
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		reply, err := ana.Reply(t.Context(), id)
		if err != nil || reply.Ack == nil {
			t.Fatalf("a message sent while %s was away was answered with %s (%v)", name, reply, err)
		}
		bo.reach(room, reply.Ack.Seq)
		for _, url := range d.Ops {
			natstest.Eventually(t, client.Patience, url+"/readyz after "+name+" is back", func() bool {
				return get(t, url+"/readyz").StatusCode == http.StatusOK
			})
		}
	}
	ana.sees(room, "bo", "ONLINE", 0)
	mark := ana.Mark()
	bo.Close()
	ana.sees(room, "bo", "OFFLINE", mark)
}
