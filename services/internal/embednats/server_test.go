package embednats_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/services/internal/embednats"
	"github.com/natter-chat/natter/services/internal/lockfile"
	"github.com/natter-chat/natter/services/internal/natsx"
)

func start(t *testing.T, cfg embednats.Config) *embednats.Server {
	t.Helper()
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s, err := embednats.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Shutdown)
	return s
}

func connect(t *testing.T, s *embednats.Server, service string) *nats.Conn {
	t.Helper()
	nc, err := s.Connect(t.Context(), service, "i")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestDataOutliveTheServer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by", "start")
	cfg := jetstream.StreamConfig{Name: "CHAT_LOG_0", Subjects: []string{"chat.log.0"}}
	for round := range uint64(3) {
		s := start(t, embednats.Config{DataDir: dir, SyncAlways: true})
		js, err := jetstream.New(connect(t, s, natsx.History))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := js.CreateOrUpdateStream(t.Context(), cfg); err != nil {
			t.Fatal(err)
		}
		ack, err := js.Publish(t.Context(), "chat.log.0", []byte("x"))
		if err != nil {
			t.Fatal(err)
		}
		if ack.Sequence != round+1 {
			t.Errorf("start %d: the record got sequence %d", round+1, ack.Sequence)
		}
		s.Shutdown()
	}
	if _, err := os.Stat(filepath.Join(dir, "jetstream")); err != nil {
		t.Errorf("JetStream's folder: %v", err)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory has mode %v (%v); others must not read it", info.Mode(), err)
	}
}

func TestSecondServerInOneDirectory(t *testing.T) {
	dir := t.TempDir()
	first := start(t, embednats.Config{DataDir: dir})
	_, err := embednats.Start(embednats.Config{DataDir: dir})
	if !errors.Is(err, lockfile.ErrInUse) || !strings.Contains(err.Error(), dir) {
		t.Fatalf("a second server in one directory: %v", err)
	}
	first.Shutdown()
	start(t, embednats.Config{DataDir: dir})
}

func TestNoPortUnlessAsked(t *testing.T) {
	s := start(t, embednats.Config{DataDir: t.TempDir()})
	if s.URL() != "" || s.Addr() != "" {
		t.Errorf("the server listens at %s %s", s.URL(), s.Addr())
	}
	connect(t, s, natsx.Gateway)
}

func TestListening(t *testing.T) {
	s := start(t, embednats.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:-1"})
	options := natsx.Options{URL: s.URL(), Service: natsx.Tool, Instance: "i", Log: slog.New(slog.DiscardHandler)}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := natsx.Connect(ctx, options); err == nil {
		t.Error("the server lets in who has no key")
	}
	options.Seed = s.Keys()[natsx.Tool].Seed
	nc, err := natsx.Connect(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
}

func TestKeysAreNewEachStart(t *testing.T) {
	a, b := start(t, embednats.Config{DataDir: t.TempDir()}), start(t, embednats.Config{DataDir: t.TempDir()})
	for _, service := range natsx.Services() {
		if a.Keys()[service].Public == b.Keys()[service].Public {
			t.Errorf("the key of %s is the same in two servers", service)
		}
	}
	if _, err := a.Connect(t.Context(), "stranger", "i"); err == nil || !strings.Contains(err.Error(), "stranger") {
		t.Errorf("connect as a stranger: %v", err)
	}
}

func TestMaxPayload(t *testing.T) {
	s := start(t, embednats.Config{DataDir: t.TempDir()})
	if got := connect(t, s, natsx.Gateway).MaxPayload(); got != natsx.MaxPayload {
		t.Errorf("the greatest message is %d bytes", got)
	}
}

// TestMaxStore: streams that would not fit are refused when they are made.
func TestMaxStore(t *testing.T) {
	s := start(t, embednats.Config{DataDir: t.TempDir(), MaxStore: 1 << 20})
	js, err := jetstream.New(connect(t, s, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	_, err = js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "CHAT_LOG_0", Subjects: []string{"chat.log.0"}, MaxBytes: 1 << 21})
	if err == nil {
		t.Error("a stream larger than the store was made")
	}
}

func TestDurabilityIsWhatTheServerSays(t *testing.T) {
	for _, always := range []bool{true, false} {
		s := start(t, embednats.Config{DataDir: t.TempDir(), SyncAlways: always})
		got, err := natsx.StorageDurability(t.Context(), connect(t, s, natsx.History))
		if want := (natsx.Durability{SyncAlways: always, Servers: 1}); err != nil || got != want {
			t.Errorf("with SyncAlways %v the server says %+v, %v", always, got, err)
		}
	}
}

func TestBadConfigIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cfg  embednats.Config
		says string
	}{
		"no directory":       {embednats.Config{}, "data directory"},
		"file for directory": {embednats.Config{DataDir: file}, file},
		"address in use":     {embednats.Config{DataDir: t.TempDir(), Listen: start(t, embednats.Config{DataDir: t.TempDir(), Listen: "127.0.0.1:-1"}).Addr()}, "address already in use"},
		"no address":         {embednats.Config{DataDir: t.TempDir(), Listen: "nonsense:x"}, "nonsense"},
	} {
		c.cfg.Log = slog.New(slog.DiscardHandler)
		s, err := embednats.Start(c.cfg)
		if err == nil {
			s.Shutdown()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: the error is %v; it should say %q", name, err, c.says)
		}
	}
}

// TestLog: the server's chatter is for level debug only.
func TestLog(t *testing.T) {
	var text bytes.Buffer
	s := start(t, embednats.Config{DataDir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&text, nil))})
	s.Shutdown()
	if text.Len() > 0 {
		t.Errorf("a start and a stop log:\n%s", text.String())
	}
	var debug bytes.Buffer
	s = start(t, embednats.Config{DataDir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&debug, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	s.Shutdown()
	if !strings.Contains(debug.String(), "component=nats-server") || !strings.Contains(debug.String(), "Server is ready") {
		t.Errorf("at level debug it logs:\n%s", debug.String())
	}
}
