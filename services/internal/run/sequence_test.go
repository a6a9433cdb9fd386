package run_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/natter-chat/natter/services/internal/run"
)

var quiet = slog.New(slog.DiscardHandler)

// diary is what tasks did, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) write(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

// task works until it is stopped, then takes a time to end.
func (d *diary) task(name string, ending time.Duration, err error) run.Task {
	return run.Task{Name: name, Run: func(ctx context.Context) error {
		<-ctx.Done()
		d.write("stop " + name)
		time.Sleep(ending)
		d.write("end " + name)
		return err
	}}
}

func TestStopsLastFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		began := time.Now()
		err := run.Sequence(ctx, quiet, 10*time.Second,
			d.task("a", time.Second, nil), d.task("b", 2*time.Second, context.Canceled), d.task("c", 3*time.Second, nil))
		if err != nil {
			t.Errorf("an orderly end gives %v", err)
		}
		if want := []string{"stop c", "end c", "stop b", "end b", "stop a", "end a"}; !slices.Equal(d.lines, want) {
			t.Errorf("the order is %v", d.lines)
		}
		if took := time.Since(began); took != time.Minute+6*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestOneFailureStopsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		fault := errors.New("disk full")
		err := run.Sequence(t.Context(), quiet, time.Second,
			d.task("a", 0, errors.New("could not flush")),
			run.Task{Name: "b", Run: func(context.Context) error { time.Sleep(time.Hour); return fault }},
			d.task("c", 0, nil))
		if !errors.Is(err, fault) || !strings.Contains(err.Error(), "b: disk full") || !strings.Contains(err.Error(), "a: could not flush") {
			t.Errorf("the error is %v; it should hold both, with their names", err)
		}
		if want := []string{"stop c", "end c", "stop a", "end a"}; !slices.Equal(d.lines, want) {
			t.Errorf("the order is %v", d.lines)
		}
	})
}

func TestEndsWhenAllHaveEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		once := func(d time.Duration) func(context.Context) error {
			return func(context.Context) error { time.Sleep(d); return nil }
		}
		began := time.Now()
		err := run.Sequence(t.Context(), quiet, time.Second, run.Task{Name: "a", Run: once(time.Second)}, run.Task{Name: "b", Run: once(time.Minute)})
		if err != nil || time.Since(began) != time.Minute {
			t.Errorf("ended after %s with %v", time.Since(began), err)
		}
		if err := run.Sequence(t.Context(), quiet, time.Second); err != nil {
			t.Errorf("no tasks at all: %v", err)
		}
	})
}

func TestOneThatDoesNotStopIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var d diary
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		defer time.Sleep(time.Hour) // the stuck one must end within the test
		began := time.Now()
		err := run.Sequence(ctx, quiet, 5*time.Second, d.task("a", 0, nil), d.task("stuck", time.Hour, nil))
		if err == nil || !strings.Contains(err.Error(), "stuck: did not stop within 5s") {
			t.Errorf("the error is %v", err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("it took %s", took)
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if !slices.Contains(d.lines, "end a") {
			t.Error("the task before the stuck one was not stopped")
		}
	})
}

// TestCancellationIsNoError: an error that only says that the context ended is
// none, but only once it did end.
func TestCancellationIsNoError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := run.Sequence(t.Context(), quiet, time.Second,
			run.Task{Name: "a", Run: func(context.Context) error { return context.Canceled }})
		if err == nil {
			t.Error("a task that was not stopped ended as cancelled, and nobody hears of it")
		}
	})
}
