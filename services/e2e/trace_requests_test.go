package e2e_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/collector"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestTracesOfOtherRequests: what is no change of a room has a trace, too: from
// the socket to the questions that it takes, and to each gateway that passes it on.
func TestTracesOfOtherRequests(t *testing.T) {
	t.Parallel()
	c := collecting(t)
	d := alone(t, shape.Split(), tracing(c)...)
	ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
	room := ana.create("room", nil).Room
	bo.view("watch", M{"room": room})
	bo.ok("unwatch", M{"room": room})
	bo.view("join", M{"room": room})
	ana.ok("status", M{"state": "AWAY"}) // now her gateway knows that she is not invisible: until then it does not tell that she types
	ana.ok("typing", M{"room": room})
	ana.ok("signal", M{"room": room, "name": "cursor"})
	ana.ok("refresh", M{"token": token.For("ana", "Ana").Sign(d.JWTSecret)})
	ana.refused("typing", M{"room": "nowhere"}, "NOT_FOUND", "room")

	for request, below := range map[string]struct {
		step string
		n    int
	}{"hello": {"ask", 1}, "watch": {"ask", 1}, "unwatch": {}, "typing": {"feed", 2}, "signal": {"feed", 2}, "status": {}, "refresh": {}} {
		natstest.Eventually(t, client.Patience, "the trace of "+request+" is whole", func() bool {
			root, found := rootOf(c, request)
			n := 0
			for _, s := range c.Spans() {
				if found && s.Parent == root.ID && s.Trace == root.Trace && s.Name == below.step {
					n++
				}
			}
			return found && n == below.n
		})
	}
	for request, to := range map[string]string{"hello": "any replica", "watch": "the owner of a partition"} {
		natstest.Eventually(t, client.Patience, "what "+request+" asks of "+to+" is answered below the question", func() bool {
			return isAnswered(c, request, to == "the owner of a partition")
		})
	}
	natstest.Eventually(t, client.Patience, "what was refused says so", func() bool {
		for _, s := range c.Spans() {
			if s.Attributes["natter.request"] == "typing" && s.Raw.GetStatus().GetMessage() == "NOT_FOUND" {
				return true
			}
		}
		return false
	})
}

// rootOf is the first span of a request of a kind that was granted.
func rootOf(c *collector.Collector, request string) (collector.Span, bool) {
	for _, s := range c.Spans() {
		if s.Name == "socket in" && s.Parent == "" && s.Attributes["natter.request"] == request && s.Raw.GetStatus().GetMessage() == "" {
			return s, true
		}
	}
	return collector.Span{}, false
}

// isAnswered tells whether history's step is below the question that a request asks.
func isAnswered(c *collector.Collector, request string, ofOwner bool) bool {
	root, _ := rootOf(c, request)
	for _, ask := range c.Spans() {
		if ask.Name != "ask" || ask.Parent != root.ID {
			continue
		}
		for _, answer := range c.Spans() {
			_, owner := answer.Attributes["natter.partition"]
			if answer.Name == "answer" && answer.Service == "natter-history" && answer.Parent == ask.ID && answer.Trace == root.Trace && owner == ofOwner {
				return true
			}
		}
	}
	return false
}
