package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// gathered applies parts that all come, one after another, while a transaction
// is under way, and tells how each went and how many parts each transaction had.
func gathered(t *testing.T, transact func(parts []*part) error, parts ...*part) (errs []error, sizes []int) {
	t.Helper()
	errs = make([]error, len(parts))
	synctest.Test(t, func(t *testing.T) {
		before := make(chan struct{})
		queue := newTogether(func(_ context.Context, parts []*part) error {
			if parts[0].partition == -1 {
				<-before
				return nil
			}
			sizes = append(sizes, len(parts))
			return transact(parts)
		})
		go func() { _ = queue.apply(t.Context(), &part{partition: -1, done: make(chan error, 1)}) }()
		synctest.Wait()
		for n, p := range parts {
			ctx, cancel := context.WithCancel(t.Context())
			p.done = make(chan error, 1)
			go func() { errs[n] = queue.apply(ctx, p) }()
			synctest.Wait()
			if p.to.Sequence == givesUp {
				cancel()
				synctest.Wait()
			}
			defer cancel()
		}
		close(before)
		synctest.Wait()
		if len(queue.waiting) != 0 || len(queue.lead) != 0 {
			t.Error("somebody still waits, or leads")
		}
	})
	return errs, sizes
}

// Sequences to which parts lead that are not applied.
const (
	givesUp = 100 // while waiting
	fails   = 101
)

func to(sequence uint64) store.Position {
	return store.Position{Stream: 7, Sequence: sequence, Record: []byte("r")}
}

// sound transacts what has no part that fails.
func sound(parts []*part) error {
	for _, p := range parts {
		if p.to.Sequence == fails {
			return store.ErrPosition
		}
	}
	return nil
}

func TestPartitionsThatApplyAtTheSameTimeShareATransaction(t *testing.T) {
	errs, sizes := gathered(t, sound, &part{}, &part{}, &part{})
	if err := errors.Join(errs...); err != nil || len(sizes) != 1 || sizes[0] != 3 {
		t.Fatalf("transactions of %v parts, %v", sizes, err)
	}
}

// TestWhoFailsFailsAlone: an owner that was overtaken keeps no other partition
// from the store.
func TestWhoFailsFailsAlone(t *testing.T) {
	errs, sizes := gathered(t, sound, &part{}, &part{to: to(fails)}, &part{})
	if errs[0] != nil || !errors.Is(errs[1], store.ErrPosition) || errs[2] != nil || len(sizes) != 4 {
		t.Fatalf("transactions of %v parts: %v", sizes, errs)
	}
}

// TestWhoGaveUpWaitingIsNotApplied: somebody else may own the partition then.
func TestWhoGaveUpWaitingIsNotApplied(t *testing.T) {
	errs, sizes := gathered(t, sound, &part{to: to(givesUp)}, &part{})
	if !errors.Is(errs[0], context.Canceled) || errs[1] != nil || len(sizes) != 1 || sizes[0] != 1 {
		t.Fatalf("transactions of %v parts: %v", sizes, errs)
	}
}

func TestTransactionsAreBounded(t *testing.T) {
	half := []*chatv1.LogRecord{{Events: make([]*chatv1.Event, mostTogether/2)}}
	errs, sizes := gathered(t, sound, &part{records: half}, &part{records: half}, &part{records: half})
	if err := errors.Join(errs...); err != nil || len(sizes) != 2 || sizes[0]+sizes[1] != 3 {
		t.Errorf("transactions of %v parts, %v", sizes, err)
	}
}

// TestATransactionIsOfAllItsPartsOrNone of them.
func TestATransactionIsOfAllItsPartsOrNone(t *testing.T) {
	s := opened(t)
	create := func(n int) *part {
		room := fmt.Sprint("room", n)
		return &part{partition: n, to: to(1), records: []*chatv1.LogRecord{{Events: []*chatv1.Event{
			{Room: room, Seq: 1, TimeMs: 1, User: "ana", Change: &chatv1.Event_Created{Created: &chatv1.Created{Name: room, Kind: chatv1.RoomKind_PUBLIC}}},
		}}}}
	}
	overtaken := create(2)
	overtaken.from = to(4)
	if err := s.apply(t.Context(), []*part{create(0), create(1), overtaken}); !errors.Is(err, store.ErrPosition) {
		t.Fatal(err)
	}
	reached := func(want uint64) {
		t.Helper()
		for n := range 2 {
			at, err := s.Position(t.Context(), n)
			heads, err2 := s.Heads(t.Context(), "", 10)
			if err := errors.Join(err, err2); err != nil || at.Sequence != want || len(heads) != 2*int(want) {
				t.Errorf("partition %d is at %v with rooms %v, %v", n, at, heads, err)
			}
		}
	}
	reached(0)
	if err := s.apply(t.Context(), []*part{create(0), create(1)}); err != nil {
		t.Fatal(err)
	}
	reached(1)
}

// TestRowsEndWithTheirTransaction: what comes after its context has ended would
// be stored by itself, as no transaction is there any more.
func TestRowsEndWithTheirTransaction(t *testing.T) {
	s := opened(t)
	ctx, cancel := context.WithCancel(t.Context())
	f, err := s.begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	insert := func(n int) error {
		return f.rows("INSERT INTO meta (key, value) VALUES (?, 1)", 1, 1, func(_ int, args []driver.NamedValue) error {
			args[0].Value = fmt.Sprint("key", n)
			return nil
		})
	}
	if err := insert(0); err != nil {
		t.Error(err)
	}
	cancel()
	for n := range 100 { // some before it is rolled back, some after
		if err := insert(n + 1); err == nil {
			t.Error("a row was stored")
			break
		}
	}
	f.end()
	var left int
	if err := s.read.QueryRow("SELECT count(*) FROM meta WHERE key LIKE 'key%'").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d rows are there, %v", left, err)
	}
}

func opened(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}
