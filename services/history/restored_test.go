package history

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// copyStore copies a store that nobody has open.
func copyStore(t *testing.T, from, to string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(from, "history.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no store in %s: %v", from, err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, filepath.Base(file)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// sendMany sends so many messages into a room, in commands of 50.
func (r *running) sendMany(room, prefix string, count int) {
	r.t.Helper()
	for n := 0; n < count; n += 50 {
		c := send(fmt.Sprint(prefix, n), room, "ana")
		for i := range min(50, count-n) {
			c.GetSends().Sends = append(c.GetSends().Sends, message(fmt.Sprint(prefix, "-", n+i), "text", 1))
		}
		if reply := r.do(c); len(reply.GetResults()) == 0 || reply.GetRefusal() != nil {
			r.t.Fatalf("%v", reply)
		}
	}
}

// TestOlderBackupCatchesUp: a store restored from a backup taken a thousand
// messages ago reads what it lacks from the log, and no epoch changes.
func TestOlderBackupCatchesUp(t *testing.T) {
	server, dir, backup := natstest.Start(t), t.TempDir(), t.TempDir()
	h := start(t, server, dir)
	h.must(create("c", "lobby", "ana"))
	h.sendMany("lobby", "before", 100)
	h.stop()
	copyStore(t, dir, backup)

	h = start(t, server, dir)
	epoch := h.epoch.Load()
	h.sendMany("lobby", "after", 1000)
	h.stop()

	h = start(t, server, backup)
	if got := h.must(send("n", "lobby", "ana", message("n", "next", 1))).GetSeq(); got != 1102 {
		t.Errorf("the next message has seq %d, want 1102", got)
	}
	if again := h.must(send("again", "lobby", "ana", message("after-7", "text", 2))); !again.GetDuplicate() {
		t.Errorf("a message that the backup does not have was stored twice: %v", again)
	}
	if h.epoch.Load() != epoch {
		t.Error("the epoch changed, though nothing was lost")
	}
	isFold(t, server, h.partitions, h.store)
}

// TestLogTrimmedPastTheStore: a store from before the log's window is refused
// with the missing range and the command; the command brings the partition back
// under a new epoch, with what the store has.
func TestLogTrimmedPastTheStore(t *testing.T) {
	dir := t.TempDir()
	logTrimmed(t, testConfig(dir), func() Config {
		backup := t.TempDir()
		copyStore(t, dir, backup)
		return testConfig(backup)
	})
}

// logTrimmed is the same for any store; copied copies it while nobody has it open.
func logTrimmed(t *testing.T, live Config, copied func() Config) {
	t.Helper()
	server := natstest.Start(t)
	open := func(cfg Config, change ...func(*Service)) *running {
		h := launchWith(t, server, cfg, change...)
		h.ready()
		return h
	}
	h := open(live)
	h.must(create("c", "lobby", "ana"))
	h.sendMany("lobby", "before", 100)
	h.stop()
	backup := copied()

	p := subject.Partition("lobby", testPartitions)
	h = open(live, func(s *Service) { s.cfg.LogWindow, s.keepEvery = time.Millisecond, 20*time.Millisecond })
	epoch := h.epoch.Load()
	h.sendMany("lobby", "after", 200)
	js, err := jetstream.New(server.Connect(t, natsx.History))
	if err != nil {
		t.Fatal(err)
	}
	first := func() uint64 {
		stream, err := js.Stream(t.Context(), subject.LogStream(p))
		if err != nil {
			t.Fatal(err)
		}
		return stream.CachedInfo().State.FirstSeq
	}
	at, err := h.store.Position(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	natstest.Eventually(t, time.Minute, "the log is purged up to what the store has", func() bool {
		at, err = h.store.Position(t.Context(), p)
		return err == nil && first() == at.Sequence && at.Sequence > 5
	})
	h.stop()

	// The store that has it all goes on behind the purged log.
	h = open(live)
	if got := h.must(send("n", "lobby", "ana", message("n", "next", 1))).GetSeq(); got != 302 {
		t.Errorf("the next message has seq %d, want 302", got)
	}
	if h.epoch.Load() != epoch {
		t.Error("the epoch changed, though nothing was lost")
	}
	h.stop()

	h = launchWith(t, server, backup)
	var trouble error
	natstest.Eventually(t, time.Minute, "the partition is refused", func() bool {
		trouble = h.trouble.of(p)
		return errors.Is(trouble, errGap)
	})
	old, err := h.store.Position(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	command := fmt.Sprintf("natterctl store accept-gap --partition %d --from %d --to %d", p, old.Sequence+1, first()-1)
	if !strings.Contains(trouble.Error(), command) {
		t.Errorf("the refusal does not name the command %q: %v", command, trouble)
	}
	queries := h.dialStore("an admin token of a test")
	state, err := queries.Status(t.Context(), &historyv1.StatusRequest{})
	if err != nil || !strings.Contains(state.GetPartitions()[p].GetTrouble(), command) || state.GetPartitions()[p].GetLogFirst() != first() {
		t.Errorf("the status says %v, %v", state, err)
	}
	gap := &historyv1.AcceptGapRequest{Partition: uint32(p), From: old.Sequence + 1, To: first() - 2}
	if _, err := queries.AcceptGap(t.Context(), gap); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("another gap was accepted: %v", err)
	}
	gap.To++
	if _, err := h.dialStore("a service token of a test").AcceptGap(t.Context(), gap); status.Code(err) != codes.PermissionDenied {
		t.Errorf("anybody may accept a gap: %v", err)
	}
	accepted, err := queries.AcceptGap(t.Context(), gap)
	if err != nil || accepted.GetEpoch() <= epoch {
		t.Fatalf("accept the gap: %v, %v; the epoch was %d", accepted, err, epoch)
	}
	h.ready()
	if got := h.must(send("n2", "lobby", "ana", message("n2", "next", 1))).GetSeq(); got != 102 {
		t.Errorf("the room goes on at %d, want 102, behind what the store has", got)
	}
}

// dialStore asks the service over gRPC, with a token.
func (r *running) dialStore(token string) historyv1.StoreClient {
	r.t.Helper()
	server, err := rpc.NewServer(rpc.ServerConfig{ServiceToken: "a service token of a test", AdminToken: "an admin token of a test"})
	if err != nil {
		r.t.Fatal(err)
	}
	r.Register(server)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	go func() { _ = server.Serve(listener) }()
	r.t.Cleanup(server.Stop)
	conn, err := rpc.Dial(listener.Addr().String(), token, config.TLS{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return historyv1.NewStoreClient(conn)
}
