package history

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// running is a history service on a real NATS, asked as a gateway would.
type running struct {
	*Service
	t       testing.TB
	gateway *nats.Conn
	stop    func()
}

func testConfig(dir string) Config {
	return Config{DataDir: dir, Store: "sqlite", Partitions: testPartitions, Replicas: 1, LogMaxBytes: 64 << 20, LogWindow: time.Hour, Durability: "disk", MembersPerRoom: 10_000, ReactionsPerMessage: 20}
}

func dialer(t testing.TB, server *natstest.Server) Dialer { return dialerOf(server, server) }

// dialerOf connects by way of what is before a server.
func dialerOf(server *natstest.Server, before nats.InProcessConnProvider) Dialer {
	return func(ctx context.Context) (*nats.Conn, error) {
		return natsx.Connect(ctx, natsx.Options{
			InProcess: before, Seed: server.Keys()[natsx.History].Seed, Service: natsx.History, Instance: natsx.Instance(), Log: slog.New(slog.DiscardHandler),
		})
	}
}

// start runs a service on the data in dir until the test ends or stop is called.
func start(t testing.TB, server *natstest.Server, dir string, change ...func(*Service)) *running {
	t.Helper()
	r := launch(t, server, dir, change...)
	r.ready()
	return r
}

// launch is start that does not wait until all is ready.
func launch(t testing.TB, server *natstest.Server, dir string, change ...func(*Service)) *running {
	t.Helper()
	return launchWith(t, server, testConfig(dir), change...)
}

func newService(t testing.TB, server *natstest.Server, cfg Config) (*Service, error) {
	return New(cfg, server.Connect(t, natsx.History), dialer(t, server), slog.New(slog.DiscardHandler), prometheus.NewRegistry())
}

func launchWith(t testing.TB, server *natstest.Server, cfg Config, change ...func(*Service)) *running {
	t.Helper()
	s, err := newService(t, server, cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, do := range change {
		do(s)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	r := &running{Service: s, t: t, gateway: server.Connect(t, natsx.Gateway)}
	stopped := false
	r.stop = func() {
		if !stopped {
			stopped = true
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("run: %v", err)
			}
		}
	}
	t.Cleanup(r.stop)
	return r
}

func (r *running) ready() {
	r.t.Helper()
	natstest.Eventually(r.t, time.Minute, "history is ready", func() bool {
		for _, c := range r.Checks() {
			if c.Ready() != nil {
				return false
			}
		}
		return true
	})
}

// do sends a command until it is answered.
func (r *running) do(c *chatv1.Command) *chatv1.CommandReply {
	r.t.Helper()
	data, err := proto.Marshal(c)
	if err != nil {
		r.t.Fatal(err)
	}
	reply := &chatv1.CommandReply{}
	natstest.Eventually(r.t, time.Minute, "a command is answered", func() bool {
		msg, err := r.gateway.Request(subject.Command(subject.Partition(c.GetRoom(), r.partitions)), data, 2*time.Second)
		if err != nil {
			return false
		}
		reply.Reset()
		if err := proto.Unmarshal(msg.Data, reply); err != nil {
			r.t.Fatal(err)
		}
		return reply.GetRefusal().GetCode() != chatv1.ErrorCode_UNAVAILABLE
	})
	return reply
}

// must is the one result of a command that has to succeed.
func (r *running) must(c *chatv1.Command) *chatv1.Result {
	r.t.Helper()
	reply := r.do(c)
	if reply.GetRefusal() != nil || len(reply.GetResults()) != 1 || reply.GetResults()[0].GetRefusal() != nil {
		r.t.Fatalf("%v was refused: %v", c, reply)
	}
	return reply.GetResults()[0]
}

func (r *running) ask(room string, q *chatv1.Ask) *chatv1.AskReply {
	r.t.Helper()
	data, err := proto.Marshal(q)
	if err != nil {
		r.t.Fatal(err)
	}
	reply := &chatv1.AskReply{}
	natstest.Eventually(r.t, time.Minute, "a question is answered", func() bool {
		msg, err := r.gateway.Request(subject.Ask(subject.Partition(room, r.partitions)), data, 2*time.Second)
		if err != nil {
			return false
		}
		reply.Reset()
		if err := proto.Unmarshal(msg.Data, reply); err != nil {
			r.t.Fatal(err)
		}
		return reply.GetRefusal().GetCode() != chatv1.ErrorCode_UNAVAILABLE
	})
	return reply
}

// events are all of a room's, from the owner.
func (r *running) events(room string, after uint32) []*chatv1.Event {
	r.t.Helper()
	var all []*chatv1.Event
	for {
		reply := r.ask(room, &chatv1.Ask{Question: &chatv1.Ask_Events{Events: &chatv1.AskEvents{Room: room, After: after}}})
		if reply.GetRefusal() != nil {
			r.t.Fatalf("events of %q: %v", room, reply.GetRefusal())
		}
		list := reply.GetEvents().GetEvents()
		all = append(all, list...)
		if len(all) > 0 {
			after = all[len(all)-1].GetSeq()
		}
		if after >= reply.GetEvents().GetHead() || len(list) == 0 {
			return all
		}
	}
}

func by(user string) *chatv1.Actor { return &chatv1.Actor{User: user, Name: user} }

func create(id, room, user string) *chatv1.Command {
	return &chatv1.Command{Id: id, Actor: by(user), Room: room, Change: &chatv1.Command_Create{Create: &chatv1.CreateRoom{Name: room, Kind: chatv1.RoomKind_PUBLIC}}}
}

func join(id, room, user string) *chatv1.Command {
	return &chatv1.Command{Id: id, Actor: by(user), Room: room, Change: &chatv1.Command_Join{Join: &chatv1.Join{}}}
}

func leave(id, room, user string) *chatv1.Command {
	return &chatv1.Command{Id: id, Actor: by(user), Room: room, Change: &chatv1.Command_Leave{Leave: &chatv1.Leave{}}}
}

func send(id, room, user string, sends ...*chatv1.Send) *chatv1.Command {
	return &chatv1.Command{Id: id, Actor: by(user), Room: room, Change: &chatv1.Command_Sends{Sends: &chatv1.Sends{Sends: sends}}}
}

func message(id, text string, attempt uint32) *chatv1.Send {
	return &chatv1.Send{ClientMsgId: id, Text: text, Attempt: attempt}
}

var testPartitions = 4
