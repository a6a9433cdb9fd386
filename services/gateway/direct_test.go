package gateway

import (
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestCommandsWithinTheProcess: the owner that is in the same process gets a
// command directly, and its answer comes to the worker; while NATS is away it
// gets none, since it could store nothing.
func TestCommandsWithinTheProcess(t *testing.T) {
	nc := natstest.Start(t, natstest.WithoutSync()).Connect(t, natsx.Gateway)
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	x := direct.New(func(string) bool { return true })
	w := newDispatcher(nc, x, func() { t.Error("a message was dropped") }).workers[0]
	c := newCommands(nc, x, w, m)
	took := 0
	x.Serve(subject.Command(1), func(r direct.Request) bool {
		took++
		data, err := proto.Marshal(&chatv1.CommandReply{Durability: chatv1.Durability_DISK})
		if err != nil {
			t.Error(err)
		}
		r.Respond(data)
		return true
	})
	answered := make(chan *chatv1.CommandReply, 1)
	submit := func() {
		c.submit(&chatv1.Command{Id: "a", Room: "lobby"}, nil, time.Now(), 1, func(reply *chatv1.CommandReply, _ *dirty) { answered <- reply })
	}
	w.answered = c.reply
	submit()
	(<-w.inside)(&dirty{})
	if reply := <-answered; took != 1 || reply.GetDurability() != chatv1.Durability_DISK {
		t.Errorf("the owner got %d commands, and the answer is %v", took, reply)
	}
	nc.Close()
	submit()
	if took != 1 || len(w.inside) > 0 {
		t.Error("the owner gets commands while NATS is away")
	}
	c.scan.Stop()
}
