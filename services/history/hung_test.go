//go:build e2e && linux

package history

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

// TestPostgresHangs: PostgreSQL keeps its connections and answers nothing for a
// while. Sends into rooms in use go on, /readyz and the metric say so, and it
// heals.
func TestPostgresHangs(t *testing.T) {
	db, server := pgtest.For(t), natstest.Start(t)
	url, err := db.Database()
	if err != nil {
		t.Fatal(err)
	}
	h := launchWith(t, server, onPostgres(url))
	h.ready()
	h.must(create("c", "lobby", "ana"))
	if err := db.Halt(); err != nil {
		t.Fatal(err)
	}
	halted := time.Now()
	t.Cleanup(func() { _ = db.Resume() })
	natstest.Eventually(t, 30*time.Second, "/readyz says that the store does not answer", func() bool {
		return strings.Contains(h.unready("store"), "does not answer")
	})
	n := 0
	more := func() {
		n++
		id := fmt.Sprint("m", n)
		if got := h.must(send(id, "lobby", "ana", message(id, "while the store hangs", 1))); got.GetSeq() != uint32(n+1) {
			t.Errorf("message %d has seq %d", n, got.GetSeq())
		}
	}
	for time.Since(halted) < 10*time.Second {
		more()
	}
	natstest.Eventually(t, 10*time.Second, "the metric says that the store is behind", func() bool { return h.behind(t) > 0 })
	asking, cancel := context.WithTimeout(t.Context(), 3*time.Second) // as a gateway's question has an end
	defer cancel()
	if _, _, err := h.readable(asking, "lobby", 0); err == nil {
		t.Error("a page while the store hangs has no error")
	}
	if err := db.Resume(); err != nil {
		t.Fatal(err)
	}
	natstest.Eventually(t, time.Minute, "the store has all that the log has", func() bool { return h.behind(t) == 0 && h.unready("store") == "" })
	more()
	isFold(t, server, h.partitions, h.store)
	t.Logf("%d messages", n)
}

// TestStoreDiskFull: the disk of SQLite's file is full, that of the log is not.
// It needs the right to mount a small file system.
func TestStoreDiskFull(t *testing.T) {
	dir, server := t.TempDir(), natstest.Start(t)
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=12m"); err != nil {
		t.Fatalf("a small file system could not be mounted (run this as root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	h := start(t, server, dir)
	h.must(create("c", "lobby", "ana"))
	h.sendMany("lobby", "before", 100)
	ballast := filepath.Join(dir, "ballast")
	if err := fill(ballast); err != nil {
		t.Fatal(err)
	}
	sent := 100
	natstest.Eventually(t, time.Minute, "/readyz says that the disk is full", func() bool {
		h.sendMany("lobby", fmt.Sprint("full", sent), 100)
		sent += 100
		return strings.Contains(h.unready("store"), "full")
	})
	h.sendMany("lobby", "on", 100)
	sent += 100
	var m dto.Metric
	if err := h.metrics.unapplied.Write(&m); err != nil || m.GetCounter().GetValue() == 0 {
		t.Errorf("batches that the store did not take: %v, %v", m.GetCounter(), err)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	natstest.Eventually(t, time.Minute, "the store is ready again", func() bool { return h.unready("store") == "" && h.behind(t) == 0 })
	if got := h.must(send("last", "lobby", "ana", message("last", "text", 1))).GetSeq(); got != uint32(sent+2) {
		t.Errorf("the last message has seq %d, want %d", got, sent+2)
	}
	isFold(t, server, h.partitions, h.store)
}

// fill writes until the file system takes no more.
func fill(path string) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for block := make([]byte, 4096); err == nil; {
		_, err = f.Write(block)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
