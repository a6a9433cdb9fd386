package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/internal/audit"
)

// flooded runs what does something to a trail, in a bubble of time of its own,
// and gives the outcomes that were kept and the lines of the log.
func flooded(t *testing.T, do func(record func(who, code string))) (kept map[string]int, lines int) {
	t.Helper()
	kept = map[string]int{}
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		made, err := audit.New(slog.New(slog.NewTextHandler(&log, nil)), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			_ = made.Run(ctx, func(_ context.Context, r *accessv1.AuditRecord) error {
				kept[r.GetWho()+" "+r.GetCode()]++
				return nil
			})
		})
		n := 0
		do(func(who, code string) {
			n++
			made.Record(&accessv1.AuditRecord{Id: fmt.Sprint(n), Who: who, Method: "/natter.history.v1.Rooms/Create", Code: code, Room: "lobby"}, "")
			synctest.Wait() // it is kept
		})
		stop()
		running.Wait()
		lines = strings.Count(log.String(), "msg=audit")
	})
	return kept, lines
}

// TestAFloodOfRefusedCalls fills neither the log nor the store; what was granted
// or failed has a record each, and so has what others are refused meanwhile.
func TestAFloodOfRefusedCalls(t *testing.T) {
	kept, lines := flooded(t, func(record func(who, code string)) {
		for range 1000 {
			record("eve", "PermissionDenied")
			record("ana", "OK")
			record("ana", "Unavailable")
		}
		record("ben", "PermissionDenied")
		time.Sleep(2 * time.Minute) // the flood's minute is over
		record("eve", "PermissionDenied")
		time.Sleep(2 * time.Minute)
	})
	want := map[string]int{"eve PermissionDenied": 31, "eve PermissionDenied, 970 calls": 1, "ana OK": 1000, "ana Unavailable": 1000, "ben PermissionDenied": 1}
	if fmt.Sprint(kept) != fmt.Sprint(want) {
		t.Errorf("kept %v, want %v", kept, want)
	}
	if lines != 31+1+2000+1 {
		t.Errorf("%d lines in the log", lines)
	}
}

// TestAFloodAtTheEnd: what was left out when a service stops is told of.
func TestAFloodAtTheEnd(t *testing.T) {
	kept, _ := flooded(t, func(record func(who, code string)) {
		for range 40 {
			record("eve", "InvalidArgument")
		}
	})
	if kept["eve InvalidArgument"] != 30 || kept["eve InvalidArgument, 10 calls"] != 1 {
		t.Errorf("kept %v", kept)
	}
}
