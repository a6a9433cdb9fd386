package audit_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/internal/audit"
)

func trail(t *testing.T) (*audit.Trail, *prometheus.Registry) {
	t.Helper()
	reg := prometheus.NewRegistry()
	made, err := audit.New(slog.New(slog.DiscardHandler), reg)
	if err != nil {
		t.Fatal(err)
	}
	return made, reg
}

func lost(t *testing.T, reg *prometheus.Registry, want int) {
	t.Helper()
	text := fmt.Sprintf("# HELP natter_audit_lost_total Records of admins' calls that only the log has, since the store could not be reached for too long.\n# TYPE natter_audit_lost_total counter\nnatter_audit_lost_total %d\n", want)
	if err := testutil.GatherAndCompare(reg, strings.NewReader(text), "natter_audit_lost_total"); err != nil {
		t.Error(err)
	}
}

// TestMoreThanMayWait: what does not fit is counted, and nobody waits for it.
func TestMoreThanMayWait(t *testing.T) {
	made, reg := trail(t)
	for range 1024 + 7 {
		made.Record(&accessv1.AuditRecord{}, "")
	}
	lost(t, reg, 7)
}

// TestTheEnd: what waits when a service stops is still kept, in order.
func TestTheEnd(t *testing.T) {
	made, reg := trail(t)
	for i := range 5 {
		made.Record(&accessv1.AuditRecord{Id: fmt.Sprint(i)}, "")
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	kept := ""
	err := made.Run(ctx, func(_ context.Context, r *accessv1.AuditRecord) error { kept += r.GetId(); return nil })
	if err != nil || kept != "01234" {
		t.Errorf("kept %q, %v", kept, err)
	}
	lost(t, reg, 0)
}

// TestAStoreThatIsAway for a day is tried again without haste, and gets all
// when it is back; one that never comes back does not hold up the end.
func TestAStoreThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		made, reg := trail(t)
		ctx, stop := context.WithCancel(t.Context())
		var mu sync.Mutex
		away, tried, kept := true, 0, ""
		set := func(now bool) {
			mu.Lock()
			defer mu.Unlock()
			away = now
		}
		ended := make(chan error)
		go func() {
			ended <- made.Run(ctx, func(_ context.Context, r *accessv1.AuditRecord) error {
				mu.Lock()
				defer mu.Unlock()
				if tried++; away {
					return errors.New("away")
				}
				kept += r.GetId()
				return nil
			})
		}()
		made.Record(&accessv1.AuditRecord{Id: "a"}, "")
		made.Record(&accessv1.AuditRecord{Id: "b"}, "")
		time.Sleep(24 * time.Hour)
		synctest.Wait()
		if tried < 8000 || tried > 9000 || kept != "" {
			t.Errorf("tried %d times in a day, kept %q", tried, kept)
		}
		set(false)
		time.Sleep(time.Minute)
		synctest.Wait()
		if kept != "ab" {
			t.Errorf("kept %q", kept)
		}
		set(true)
		made.Record(&accessv1.AuditRecord{Id: "c"}, "")
		made.Record(&accessv1.AuditRecord{Id: "d"}, "")
		synctest.Wait()
		stop()
		began := time.Now()
		if err := <-ended; err != nil || time.Since(began) > 10*time.Second {
			t.Errorf("it ended with %v after %s", err, time.Since(began))
		}
		lost(t, reg, 2)
	})
}

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"room": "room", "a\x00b\nc\x7f": "a?b?c?", "\xff\xfe": "", strings.Repeat("a", 200): strings.Repeat("a", 128), "é": "é",
	} {
		if got := audit.Text(in); got != want {
			t.Errorf("Text(%q) = %q, want %q", in, got, want)
		}
	}
	if a, b := audit.Pseudonym("ana"), audit.Pseudonym("anb"); a == b || a != audit.Pseudonym("ana") || strings.Contains(a, "ana") {
		t.Errorf("pseudonyms are %q, %q", a, b)
	}
}
