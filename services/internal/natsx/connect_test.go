package natsx_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/logtest"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

func TestConnectWaitsForTheServer(t *testing.T) {
	s := natstest.Start(t)
	s.Stop()
	var log logtest.Page
	type result struct {
		nc  *nats.Conn
		err error
	}
	connected := make(chan result, 1)
	go func() {
		nc, err := natsx.Connect(t.Context(), natsx.Options{
			InProcess: s, Seed: s.Keys()[natsx.Gateway].Seed, Service: natsx.Gateway, Instance: "g", Log: slog.New(slog.NewTextHandler(&log, nil)),
		})
		connected <- result{nc, err}
	}()
	natstest.Eventually(t, 5*time.Second, "a line in the log", func() bool { return log.Has("no connection to NATS yet") })
	s.Restart(t)
	r := <-connected
	if r.err != nil {
		t.Fatal(r.err)
	}
	r.nc.Close()
}

func TestConnectGivesUpWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := natsx.Connect(ctx, natsx.Options{
		URL: "nats://127.0.0.1:1", Service: "gateway", Instance: "g", Log: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), "nats://127.0.0.1:1") || !strings.Contains(err.Error(), context.DeadlineExceeded.Error()) {
		t.Errorf("the error is %v; it should name the server and the end of the wait", err)
	}
}

func TestConnectReconnects(t *testing.T) {
	s := natstest.Start(t, natstest.Listening())
	nc, err := natsx.Connect(t.Context(), natsx.Options{
		URL: s.URL(), Seed: s.Keys()[natsx.Presence].Seed, Service: natsx.Presence, Instance: "p", Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	sub, err := nc.SubscribeSync(subject.PresencePeers)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s.Restart(t)
		natstest.Eventually(t, 10*time.Second, "connected again", nc.IsConnected)
		if err := nc.Publish(subject.PresencePeers, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := sub.NextMsg(5 * time.Second); err != nil {
			t.Fatalf("after the restart: %v", err)
		}
	}
}

func TestConnectByFile(t *testing.T) {
	s := natstest.Start(t)
	seed := string(s.Keys()[natsx.Gateway].Seed)
	dir := t.TempDir()
	for name, content := range map[string]string{
		"bare":      seed,
		"newline":   seed + "\n",
		"decorated": "-----BEGIN USER NKEY SEED-----\n" + seed + "\n------END USER NKEY SEED------\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		nc, err := natsx.Connect(t.Context(), natsx.Options{
			InProcess: s, CredsFile: path, Service: natsx.Gateway, Instance: "g", Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		nc.Close()
	}
}

// TestConnectRefusesAtOnce what no waiting can mend.
func TestConnectRefusesAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rubbish")
	if err := os.WriteFile(path, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		options natsx.Options
		says    string
	}{
		"no name":      {natsx.Options{URL: "nats://127.0.0.1:1"}, "Service and Instance"},
		"no such file": {natsx.Options{Service: "s", Instance: "i", CredsFile: path + "x"}, path + "x"},
		"rubbish file": {natsx.Options{Service: "s", Instance: "i", CredsFile: path}, path},
		"rubbish seed": {natsx.Options{Service: "s", Instance: "i", Seed: []byte("SUX")}, "seed"},
		"two logins":   {natsx.Options{Service: "s", Instance: "i", Seed: []byte("SUX"), CredsFile: path}, "one is enough"},
	} {
		if _, err := natsx.Connect(t.Context(), c.options); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the error is %v; it should say %q", name, err, c.says)
		}
	}
}

func TestConnectWithAnotherKey(t *testing.T) {
	s := natstest.Start(t, natstest.Listening())
	keys, err := natsx.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	_, err = natsx.Connect(ctx, natsx.Options{
		URL: s.URL(), Seed: keys[natsx.Gateway].Seed, Service: "gateway", Instance: "g", Log: slog.New(slog.DiscardHandler),
	})
	if err == nil || !strings.Contains(err.Error(), "Authorization") {
		t.Errorf("a key that the server does not know: %v", err)
	}
}

func TestConnectLogsRefusals(t *testing.T) {
	var log logtest.Page
	s := natstest.Start(t, natstest.WithLog(slog.New(slog.NewTextHandler(&log, nil))))
	nc := s.Connect(t, natsx.Gateway)
	if err := nc.Publish(subject.Log(0), nil); err != nil {
		t.Fatal(err)
	}
	flush(t, nc)
	natstest.Eventually(t, 5*time.Second, "the refusal in the log", func() bool {
		return log.Has("may not do") && log.Has(subject.Log(0))
	})
}

func TestConnectUsesItsInbox(t *testing.T) {
	s := natstest.Start(t)
	nc := s.ConnectAs(t, natsx.History, "h1")
	if inbox := nc.NewInbox(); !strings.HasPrefix(inbox, subject.Inbox(natsx.History, "h1")+".") {
		t.Errorf("the inbox is %s", inbox)
	}
}

func TestInstance(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		id := natsx.Instance()
		if len(id) != 12 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789") != "" || seen[id] {
			t.Fatalf("instance %q", id)
		}
		seen[id] = true
	}
}
