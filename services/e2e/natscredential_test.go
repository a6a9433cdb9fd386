package e2e_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestAStolenGatewayCredential tries on the real server, with what a gateway
// connects with, all that a gateway must not: to write the log and what is shown
// of it, to read, purge, delete and make streams, to read and write buckets, to
// hear commands, others' answers and the servers. All is refused, and the
// streams are as they were.
func TestAStolenGatewayCredential(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split(), withoutLimits()...)
	s := enter(t, d, 0, "ana")
	s.create("lobby", nil)
	s.send("lobby", "here before")

	nc := connectAs(t, natsx.Options{URL: d.NATS, CredsFile: d.SeedFile(natsx.Gateway), Service: natsx.Gateway, Instance: natsx.Instance()})
	all := connectAs(t, natsx.Options{URL: d.NATS, Seed: d.NATSOperator, Service: natsx.Operator, Instance: natsx.Instance()})
	before := streams(t, all)
	if len(before) == 0 {
		t.Fatal("there are no streams to harm")
	}
	refused := func(what, name string, err error) {
		t.Helper()
		if err == nil {
			err = nc.FlushTimeout(client.Patience)
		}
		if err != nil {
			t.Fatalf("%s %s: %v", what, name, err)
		}
		if err := nc.LastError(); !errors.Is(err, nats.ErrPermissionViolation) || !strings.Contains(err.Error(), `"`+name+`"`) {
			t.Errorf("a gateway may %s %s (the last error: %v)", what, name, err)
		}
	}
	publish := []string{
		subject.Log(0), subject.Log(3), subject.Events("lobby"), subject.Heads(0), subject.Marks("lobby"), subject.PresenceOut("lobby"),
		subject.PresenceSync("x"), subject.PresencePeers, subject.Admin(0), subject.Audit(natsx.History), subject.Audit(natsx.Presence), subject.StorageInfo,
		"$JS.API.INFO", "$JS.API.STREAM.NAMES", "$JS.API.STREAM.CREATE.MINE", "$JS.API.CONSUMER.CREATE.CHAT_LOG_0", "$JS.ACK.CHAT_LOG_0.c.1.1.1.1.0",
		"$SYS.REQ.SERVER.PING", "$SYS.REQ.SERVER.PING.JSZ", "$SRV.PING", "_INBOX.gateway.other.1", "_INBOX.history.other.1", "anything.else",
	}
	for stream := range before {
		publish = append(publish, "$JS.API.STREAM.INFO."+stream, "$JS.API.STREAM.PURGE."+stream, "$JS.API.STREAM.DELETE."+stream, "$JS.API.STREAM.UPDATE."+stream,
			"$JS.API.STREAM.MSG.GET."+stream, "$JS.API.STREAM.MSG.DELETE."+stream, "$JS.API.DIRECT.GET."+stream, "$JS.API.CONSUMER.LIST."+stream)
	}
	for _, bucket := range []string{subject.BucketOwners, subject.BucketMeta, subject.BucketRevoked} {
		publish = append(publish, "$KV."+bucket+".x")
	}
	for _, name := range publish {
		refused("publish to", name, nc.PublishRequest(name, nc.NewRespInbox(), []byte("x")))
	}
	for _, name := range []string{
		">", "*", "chat.>", subject.AllLogs, subject.Log(0), subject.AllCommands, subject.AllAdmin, subject.AllAsks, subject.AllAudits, subject.HistoryAsk,
		subject.PresenceAsk, subject.AllPresenceIn, "$KV.>", "$KV." + subject.BucketOwners + ".>", "$KV." + subject.BucketMeta + ".>",
		"$JS.>", "$SYS.>", "_INBOX.>", subject.Inboxes(natsx.History), subject.Inboxes(natsx.Presence),
	} {
		_, err := nc.SubscribeSync(name)
		refused("subscribe to", name, err)
	}
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(client.Patience/20))
	if err != nil {
		t.Fatal(err)
	}
	for what, try := range map[string]func(ctx context.Context) error{
		"read a stream": func(ctx context.Context) error { _, err := js.Stream(ctx, subject.LogStream(0)); return err },
		"delete one":    func(ctx context.Context) error { return js.DeleteStream(ctx, subject.LogStream(0)) },
		"open a bucket": func(ctx context.Context) error { _, err := js.KeyValue(ctx, subject.BucketRevoked); return err },
		"make a bucket": func(ctx context.Context) error {
			_, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: "mine"})
			return err
		},
		"append to a log": func(ctx context.Context) error { _, err := js.Publish(ctx, subject.Log(0), []byte("x")); return err },
	} {
		if err := try(t.Context()); err == nil {
			t.Errorf("a gateway may %s", what)
		}
	}
	if after := streams(t, all); len(after) != len(before) {
		t.Errorf("the streams were %v, and are %v", before, after)
	} else {
		for name, n := range before {
			// Owners renew their leases meanwhile, so only the logs stand still.
			if strings.HasPrefix(name, "CHAT_LOG_") && after[name] != n {
				t.Errorf("%s had %d records, and has %d", name, n, after[name])
			}
		}
	}
	s.send("lobby", "here after")
	stranger, err := nats.Connect(d.NATS)
	if err == nil {
		stranger.Close()
		t.Error("somebody without a credential is let in")
	}
}

func connectAs(t *testing.T, o natsx.Options) *nats.Conn {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	defer cancel()
	o.Log = slog.New(slog.DiscardHandler)
	nc, err := natsx.Connect(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// streams are all there are, with how many records each has.
func streams(t *testing.T, nc *nats.Conn) map[string]uint64 {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	defer cancel()
	all := map[string]uint64{}
	list := js.ListStreams(ctx)
	for info := range list.Info() {
		all[info.Config.Name] = info.State.Msgs
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
