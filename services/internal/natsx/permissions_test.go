package natsx_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nats.go/micro"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

func TestPermissionsOfAStranger(t *testing.T) {
	if r := natsx.Permissions("stranger"); len(r.Publish)+len(r.Subscribe) > 0 {
		t.Errorf("a service that is not known has rights: %v", r)
	}
}

// TestRefused holds what a stolen credential must not reach.
func TestRefused(t *testing.T) {
	s := natstest.Start(t)
	keeper := newKeeper(t, s)
	streams := []string{
		"chat.log.0", "chat.log.>", "$KV.chat_owners.partition.0", "$KV.chat_meta.epoch", "$KV.chat_revoked.ana", "$KV.chat_webhooks.hook.x",
		"$JS.API.INFO", "$JS.API.STREAM.INFO.CHAT_LOG_0", "$JS.API.STREAM.CREATE.X", "$JS.API.STREAM.PURGE.CHAT_LOG_0",
		"$JS.API.STREAM.DELETE.CHAT_LOG_0", "$JS.API.STREAM.MSG.GET.CHAT_LOG_0", "$JS.API.STREAM.MSG.DELETE.CHAT_LOG_0",
		"$JS.API.DIRECT.GET.KV_chat_revoked.$KV.chat_revoked.ana", "$JS.API.DIRECT.GET.CHAT_LOG_0",
		"$JS.API.DIRECT.GET.KV_chat_webhooks.$KV.chat_webhooks.hook.x", "$JS.API.STREAM.MSG.GET.KV_chat_webhooks", "$JS.API.CONSUMER.CREATE.KV_chat_webhooks.c",
		"$JS.API.CONSUMER.CREATE.CHAT_LOG_0.c", "$JS.API.CONSUMER.MSG.NEXT.CHAT_LOG_0.webhook-x-h", "$JS.API.CONSUMER.CREATE.KV_chat_revoked.c", "$JS.ACK.x", "$JS.FC.x",
		subject.StorageInfo, "$SYS.REQ.SERVER.PING.JSZ", "$SYS.REQ.SERVER.PING", "$SRV.PING",
	}
	cases := map[string]struct{ publish, subscribe []string }{
		natsx.Gateway: {
			publish: append(streams, "chat.evt.lobby", "chat.heads.0", "chat.mark.lobby", "presence.out.lobby", "presence.sync.g",
				"presence.peers", "_INBOX.gateway.other.x", "_INBOX.history.h.x", "anything"),
			subscribe: []string{">", "*", "chat.>", "chat.log.0", "chat.log.*", "chat.cmd.*", "chat.cmd.0", "chat.ask.0", "history.ask",
				"presence.in.*", "presence.ask", "_INBOX.>", "_INBOX.history.>", "_INBOX.*.>", "$JS.>", "$KV.>", "$KV.chat_owners.>", "$SYS.>"},
		},
		natsx.Presence: {
			publish: append(streams, "chat.evt.lobby", "chat.heads.0", "chat.cmd.0", "chat.ask.0",
				"chat.typing.lobby", "presence.in.g", "presence.ask", "_INBOX.history.h.x"),
			subscribe: []string{">", "chat.>", "chat.evt.*", "chat.log.*", "presence.>", "_INBOX.>", "_INBOX.gateway.>", "$KV.chat_revoked.>", "$KV.chat_webhooks.>"},
		},
		natsx.History: {
			publish: []string{"$JS.API.STREAM.DELETE.CHAT_LOG_0", "$JS.API.META.LEADER.STEPDOWN",
				"$SYS.REQ.SERVER.PING.JSZ", "$SYS.REQ.SERVER.PING", "chat.ctl.gateways", "chat.ctl.answer.g", "presence.out.lobby", "presence.in.g", "chat.typing.lobby",
				"_INBOX.other.p.x", "$KV.other.x"},
			subscribe: []string{">", "chat.>", "chat.typing.*", "chat.log.*", "presence.>", "_INBOX.>", "_INBOX.gateway.>", "$SYS.>"},
		},
		natsx.Tool: {
			publish:   []string{"chat.cmd.0", "chat.log.0", "chat.evt.lobby", "presence.out.lobby", "$JS.API.STREAM.PURGE.CHAT_LOG_0", "$KV.chat_revoked.ana", "$SYS.REQ.SERVER.PING"},
			subscribe: []string{">", "_INBOX.>", "_INBOX.gateway.>", "$KV.>", "$SYS.>"},
		},
	}
	for service, c := range cases {
		nc := s.Connect(t, service)
		for _, name := range c.publish {
			if !refused(t, nc, name, func() error { return nc.Publish(name, nil) }) {
				t.Errorf("%s may publish to %s", service, name)
			}
		}
		for _, name := range c.subscribe {
			if !refused(t, nc, name, func() error { _, err := nc.SubscribeSync(name); return err }) {
				t.Errorf("%s may subscribe to %s", service, name)
			}
		}
	}
	keeper.unharmed(t)
}

// refused tells whether the server refuses what do asks for: its error comes
// before the answer to the flush.
func refused(t *testing.T, nc *nats.Conn, name string, do func() error) bool {
	t.Helper()
	if err := do(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	err := nc.LastError()
	return errors.Is(err, nats.ErrPermissionViolation) && strings.Contains(err.Error(), `"`+name+`"`)
}

// TestAllowed holds what each service does all day.
func TestAllowed(t *testing.T) {
	s := natstest.Start(t)
	cases := map[string]struct{ publish, subscribe []string }{
		natsx.Gateway: {
			publish: []string{subject.Command(3), subject.Ask(3), subject.HistoryAsk, subject.Typing("a b"), subject.Signal("lobby"),
				subject.Notices("guest:x"), subject.Gateways, subject.GatewayAnswer("g"), subject.PresenceIn("g"), subject.PresenceAsk, subject.Inbox("presence", "p") + ".1"},
			subscribe: []string{subject.Events("lobby"), subject.AllEvents, subject.Heads(1), subject.AllHeads, subject.Marks("lobby"),
				subject.Typing("lobby"), subject.Signal("lobby"), subject.Notices("ana"), subject.Gateways, subject.GatewayAnswer("g"), subject.PresenceSync("g"),
				subject.PresenceOut("lobby"), "$KV." + subject.BucketRevoked + ".>"},
		},
		natsx.Presence: {
			publish: []string{subject.PresenceSync("g"), subject.PresencePeers, subject.PresenceOut("lobby"), subject.Inbox("gateway", "g") + ".1",
				subject.HistoryAsk, subject.Notices("ana")},
			subscribe: []string{subject.AllPresenceIn, subject.PresencePeers, subject.PresenceAsk, subject.PresenceOut("lobby")},
		},
		natsx.History: {
			publish: []string{subject.Log(0), subject.Events("lobby"), subject.Heads(0), subject.Marks("lobby"), subject.Notices("ana"),
				subject.Command(0), subject.Ask(0), subject.Inbox("gateway", "g") + ".1"},
			subscribe: []string{subject.AllCommands, subject.Command(2), subject.AllAsks, subject.HistoryAsk},
		},
		natsx.Tool: {subscribe: []string{"chat.>", "presence.>", subject.AllEvents}},
	}
	for service, c := range cases {
		nc := s.Connect(t, service)
		for _, name := range c.publish {
			if refused(t, nc, name, func() error { return nc.Publish(name, nil) }) {
				t.Errorf("%s may not publish to %s", service, name)
			}
		}
		for _, name := range c.subscribe {
			if refused(t, nc, name, func() error { _, err := nc.SubscribeSync(name); return err }) {
				t.Errorf("%s may not subscribe to %s", service, name)
			}
		}
	}
}

// TestEveryServiceIsAsked: a question reaches who answers it, and the answer
// comes back, also in several messages.
func TestEveryServiceIsAsked(t *testing.T) {
	s := natstest.Start(t)
	for _, c := range []struct{ asker, answerer, subject string }{
		{natsx.Gateway, natsx.History, subject.Command(0)},
		{natsx.Gateway, natsx.History, subject.Ask(0)},
		{natsx.Gateway, natsx.History, subject.HistoryAsk},
		{natsx.History, natsx.History, subject.Command(1)},
		{natsx.Gateway, natsx.Presence, subject.PresenceAsk},
		{natsx.Presence, natsx.Gateway, subject.PresenceSync("g")},
		{natsx.Presence, natsx.History, subject.HistoryAsk},
	} {
		asker, answerer := s.Connect(t, c.asker), s.Connect(t, c.answerer)
		sub, err := answerer.QueueSubscribe(c.subject, "q", func(m *nats.Msg) {
			for range 20 {
				if err := natsx.Respond(m, m.Data); err != nil {
					t.Errorf("%s answers %s: %v", c.answerer, c.asker, err)
				}
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		flush(t, answerer)
		inbox, err := asker.SubscribeSync(asker.NewRespInbox())
		if err != nil {
			t.Fatal(err)
		}
		if err := asker.PublishRequest(c.subject, inbox.Subject, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			if _, err := inbox.NextMsg(5 * time.Second); err != nil {
				t.Errorf("answer %d of %s to %s on %s: %v", i, c.answerer, c.asker, c.subject, err)
				break
			}
		}
		sub.Unsubscribe()
	}
}

// TestMicro: each service can be listed by a person with a tool's key.
func TestMicro(t *testing.T) {
	s := natstest.Start(t)
	for _, service := range []string{natsx.Gateway, natsx.History, natsx.Presence} {
		nc := s.Connect(t, service)
		srv, err := micro.AddService(nc, micro.Config{Name: service, Version: "1.0.0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { srv.Stop() })
		flush(t, nc)
	}
	tool := s.Connect(t, natsx.Tool)
	for _, service := range []string{natsx.Gateway, natsx.History, natsx.Presence} {
		if _, err := tool.Request("$SRV.INFO."+service, nil, 5*time.Second); err != nil {
			t.Errorf("%s does not tell a tool of itself: %v", service, err)
		}
	}
}

// TestGatewaySeesRevocations, though it may not ask JetStream for anything.
func TestGatewaySeesRevocations(t *testing.T) {
	s := natstest.Start(t)
	gateway := s.Connect(t, natsx.Gateway)
	seen, err := gateway.SubscribeSync("$KV." + subject.BucketRevoked + ".>")
	if err != nil {
		t.Fatal(err)
	}
	flush(t, gateway)
	keeper := newKeeper(t, s)
	if _, err := keeper.revoked.Put(t.Context(), subject.Token("ana@x"), []byte("1")); err != nil {
		t.Fatal(err)
	}
	msg, err := seen.NextMsg(5 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if user, err := subject.Last(msg.Subject); err != nil || user != "ana@x" || string(msg.Data) != "1" {
		t.Errorf("the gateway saw %s = %q (%v)", msg.Subject, msg.Data, err)
	}
}

// keeper is history's side of JetStream, with history's rights.
type keeper struct {
	log     jetstream.Stream
	revoked jetstream.KeyValue
	js      jetstream.JetStream
}

func newKeeper(t *testing.T, s *natstest.Server) keeper {
	t.Helper()
	js, err := jetstream.New(s.Connect(t, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	k := keeper{js: js}
	k.log, err = js.CreateOrUpdateStream(t.Context(), jetstream.StreamConfig{
		Name: subject.LogStream(0), Subjects: []string{subject.Log(0)}, Discard: jetstream.DiscardNew, MaxBytes: 1 << 30,
	})
	if err != nil {
		t.Fatal(err)
	}
	k.revoked, err = js.CreateOrUpdateKeyValue(t.Context(), jetstream.KeyValueConfig{Bucket: subject.BucketRevoked})
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range []string{"first", "second"} {
		if _, err := js.Publish(t.Context(), subject.Log(0), []byte(text), jetstream.WithExpectLastSequence(uint64(i))); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// unharmed fails the test if the log is not as it was made.
func (k keeper) unharmed(t *testing.T) {
	t.Helper()
	info, err := k.log.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if info.State.Msgs != 2 || info.State.FirstSeq != 1 || info.State.LastSeq != 2 {
		t.Errorf("the log was touched: it holds %d records, %d to %d", info.State.Msgs, info.State.FirstSeq, info.State.LastSeq)
	}
}

// TestHistoryKeepsStreams walks through all that history does with JetStream.
func TestHistoryKeepsStreams(t *testing.T) {
	s := natstest.Start(t)
	k := newKeeper(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()

	if msg, err := k.log.GetMsg(ctx, 2); err != nil || string(msg.Data) != "second" {
		t.Errorf("read a record: %v", err)
	}
	consumer, err := k.log.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatalf("replay the log: %v", err)
	}
	records, err := consumer.Messages()
	if err != nil {
		t.Fatalf("replay the log: %v", err)
	}
	for range 2 {
		if _, err := records.Next(jetstream.NextMaxWait(5 * time.Second)); err != nil {
			t.Fatalf("replay the log: %v", err)
		}
	}
	records.Stop()
	if err := k.log.Purge(ctx, jetstream.WithPurgeSequence(2)); err != nil {
		t.Errorf("purge what is old: %v", err)
	}
	if _, err := k.js.AccountInfo(ctx); err != nil {
		t.Errorf("account info: %v", err)
	}
	useBucket(t, ctx, k.js, jetstream.KeyValueConfig{Bucket: subject.BucketOwners, TTL: 3 * time.Second, Storage: jetstream.MemoryStorage})
	useBucket(t, ctx, k.js, jetstream.KeyValueConfig{Bucket: subject.BucketMeta})
	useBucket(t, ctx, k.js, jetstream.KeyValueConfig{Bucket: subject.BucketWebhooks, LimitMarkerTTL: time.Minute})
}

// TestHistoryFollowsTheLogForWebhooks: a durable consumer, made, asked, acked,
// looked at and ended with history's rights.
func TestHistoryFollowsTheLogForWebhooks(t *testing.T) {
	k := newKeeper(t, natstest.Start(t))
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	name := subject.WebhookConsumer("x", "h")
	consumer, err := k.log.CreateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: name, AckPolicy: jetstream.AckExplicitPolicy, DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: 2,
	})
	if err != nil {
		t.Fatalf("make it: %v", err)
	}
	records, err := consumer.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer records.Stop()
	msg, err := records.Next(jetstream.NextMaxWait(20 * time.Second))
	if err != nil || string(msg.Data()) != "second" {
		t.Fatalf("follow the log: %v", err)
	}
	if err := msg.DoubleAck(ctx); err != nil {
		t.Errorf("ack a record: %v", err)
	}
	if info, err := consumer.Info(ctx); err != nil || info.AckFloor.Stream != 2 {
		t.Errorf("look how far it is: %+v, %v", info, err)
	}
	if err := k.log.DeleteConsumer(ctx, name); err != nil {
		t.Errorf("end it: %v", err)
	}
}

func useBucket(t *testing.T, ctx context.Context, js jetstream.JetStream, cfg jetstream.KeyValueConfig) {
	t.Helper()
	if _, err := js.CreateOrUpdateKeyValue(ctx, cfg); err != nil {
		t.Fatalf("bucket %s: %v", cfg.Bucket, err)
	}
	kv, err := js.KeyValue(ctx, cfg.Bucket)
	if err != nil {
		t.Fatalf("bucket %s: %v", cfg.Bucket, err)
	}
	watcher, err := kv.WatchAll(ctx)
	if err != nil {
		t.Fatalf("bucket %s: watch: %v", cfg.Bucket, err)
	}
	defer watcher.Stop()
	revision, err := kv.Create(ctx, subject.OwnerPartition(0), []byte("a"))
	if err != nil {
		t.Fatalf("bucket %s: create: %v", cfg.Bucket, err)
	}
	if revision, err = kv.Update(ctx, subject.OwnerPartition(0), []byte("b"), revision); err != nil {
		t.Fatalf("bucket %s: update: %v", cfg.Bucket, err)
	}
	if entry, err := kv.Get(ctx, subject.OwnerPartition(0)); err != nil || string(entry.Value()) != "b" {
		t.Errorf("bucket %s: get: %v", cfg.Bucket, err)
	}
	if keys, err := kv.Keys(ctx); err != nil || len(keys) != 1 {
		t.Errorf("bucket %s: keys %v: %v", cfg.Bucket, keys, err)
	}
	if err := kv.Delete(ctx, subject.OwnerPartition(0), jetstream.LastRevision(revision)); err != nil {
		t.Errorf("bucket %s: delete: %v", cfg.Bucket, err)
	}
	for seen := ""; seen != "b"; {
		select {
		case entry := <-watcher.Updates():
			if entry != nil {
				seen = string(entry.Value())
			}
		case <-ctx.Done():
			t.Fatalf("bucket %s: the watcher saw no update", cfg.Bucket)
		}
	}
}

func flush(t *testing.T, nc *nats.Conn) {
	t.Helper()
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
}
