package natsx_test

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestRespondOnlyIntoInboxes: a stolen gateway has history answer to the
// subjects that write into the log and purge it. An empty answer is all that
// a purge takes.
func TestRespondOnlyIntoInboxes(t *testing.T) {
	s := natstest.Start(t)
	keeper := newKeeper(t, s)
	history := s.Connect(t, natsx.History)
	results := make(chan error, 4)
	_, err := history.Subscribe(subject.AllCommands, func(m *nats.Msg) { results <- natsx.Respond(m, nil) })
	if err != nil {
		t.Fatal(err)
	}
	srv, err := micro.AddService(history, micro.Config{Name: "history", Version: "1.0.0", Endpoint: &micro.EndpointConfig{
		Subject: subject.HistoryAsk,
		Handler: natsx.Inboxed(micro.HandlerFunc(func(r micro.Request) { r.Respond(nil) })),
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { srv.Stop() })
	flush(t, history)

	stolen := s.Connect(t, natsx.Gateway)
	hostile := []string{"$JS.API.STREAM.PURGE." + subject.LogStream(0), subject.Log(0), "_INBOX", "x._INBOX.y"}
	for _, reply := range hostile {
		for _, name := range []string{subject.HistoryAsk, subject.Command(0)} {
			if err := stolen.PublishRequest(name, reply, nil); err != nil {
				t.Fatal(err)
			}
		}
		if err := <-results; !errors.Is(err, natsx.ErrNoInbox) {
			t.Errorf("history answered to %q: %v", reply, err)
		}
	}
	// An answer behind the hostile ones comes after all that they did.
	if _, err := stolen.Request(subject.HistoryAsk, nil, 5*time.Second); err != nil {
		t.Fatal(err)
	}
	flush(t, history)
	keeper.unharmed(t)
}

// TestSelfGrant: a message that names a reply gives no right to publish there.
func TestSelfGrant(t *testing.T) {
	s := natstest.Start(t)
	keeper := newKeeper(t, s)
	a, b := s.Connect(t, natsx.Gateway), s.Connect(t, natsx.Gateway)
	sub, err := a.SubscribeSync(subject.Typing("lobby"))
	if err != nil {
		t.Fatal(err)
	}
	flush(t, a)
	if err := b.PublishRequest(subject.Typing("lobby"), subject.Log(0), nil); err != nil {
		t.Fatal(err)
	}
	msg, err := sub.NextMsg(5 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	if !refused(t, a, subject.Log(0), func() error { return msg.Respond([]byte("forged")) }) {
		t.Error("a gateway may answer into the log")
	}
	keeper.unharmed(t)
}

// TestTrace: a message may ask the server for a trace of itself, and names
// where the trace goes.
func TestTrace(t *testing.T) {
	s := natstest.Start(t)
	keeper := newKeeper(t, s)
	stolen := s.Connect(t, natsx.Gateway)
	for _, target := range []string{subject.Log(0), "$JS.API.STREAM.PURGE." + subject.LogStream(0)} {
		msg := nats.NewMsg(subject.Typing("lobby"))
		msg.Header["Nats-Trace-Dest"] = []string{target}
		if !refused(t, stolen, target, func() error { return stolen.PublishMsg(msg) }) {
			t.Errorf("a gateway may have traces sent to %s", target)
		}
	}
	keeper.unharmed(t)
}
