package history

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// losing is a server on the way to which the first messages to a subject are lost
// without a word: they go to another one of the same length.
type losing struct {
	*natstest.Server
	from, to string
	losses   atomic.Int32
}

func (l *losing) InProcessConn() (net.Conn, error) {
	conn, err := l.Server.InProcessConn()
	return &losingConn{conn, l}, err
}

type losingConn struct {
	net.Conn
	*losing
}

func (c *losingConn) Write(p []byte) (int, error) {
	if from := []byte(c.from); bytes.Contains(p, from) && c.losses.Add(-1) >= 0 {
		p = bytes.Replace(p, from, []byte(c.to), 1)
	}
	return c.Conn.Write(p)
}

// TestTakeOverAsksAgain: a take-over whose requests are lost, as they are between
// the servers of a cluster while the news of a consumer is on its way, takes
// seconds less than people wait for an answer.
func TestTakeOverAsksAgain(t *testing.T) {
	server := natstest.Start(t)
	before := openJournal(t, server, "before", func() time.Duration { return 10 * time.Second })
	if err := before.claim(t.Context(), func(replayed) {}); err != nil {
		t.Fatal(err)
	}
	r := &chatv1.LogRecord{TimeMs: 1, Events: []*chatv1.Event{{Room: "lobby", Seq: 1}}}
	if got, err := before.append(t.Context(), r); err != nil || got != stored {
		t.Fatalf("append: %v, %v", got, err)
	}

	lossy := &losing{Server: server, from: "$JS.API.CONSUMER.MSG.NEXT.", to: "$JS.API.CONSUMER.MSG.LOST."}
	nc, err := natsx.Connect(t.Context(), natsx.Options{
		InProcess: lossy, Seed: server.Keys()[natsx.History].Seed, Service: natsx.History, Instance: natsx.Instance(), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	after := openJournal(t, server, "after", before.timeout)
	after.js = js
	if after.stream, err = openStream(t.Context(), js, streamConfig(0, 1, 64<<20)); err != nil {
		t.Fatal(err)
	}
	const lost = 2
	lossy.losses.Store(lost)
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	var events int
	began := time.Now()
	if err := after.takeOver(ctx, store.Position{}, func(r replayed) { events += len(r.record.GetEvents()) }); err != nil {
		t.Fatal(err)
	}
	if left := lossy.losses.Load(); left >= 0 {
		t.Fatalf("%d requests of %d were lost", lost-left, lost)
	}
	if events != 1 {
		t.Errorf("the new owner read %d events of 1", events)
	}
	// Lost requests used to be noticed after 10 s each.
	if took := time.Since(began); took > 18*time.Second {
		t.Errorf("the take-over took %s", took)
	}
}
