package run

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Task is one part of a program.
type Task struct {
	// Name of the part in logs and errors.
	Name string
	// Run works until ctx ends, and returns once all that it began has ended.
	// The error of the ended context itself is no error.
	Run func(ctx context.Context) error
}

// Sequence runs the tasks together, until ctx ends, or one of them ends with
// an error, or all have ended. Then it stops those that still run, last first,
// each when the one after it has ended. One that takes longer than grace is
// left behind, and that is an error. It returns all errors, joined, each with
// its task's name.
//
// The tasks' contexts hold ctx's values, and end only when their turn comes.
func Sequence(ctx context.Context, log *slog.Logger, grace time.Duration, tasks ...Task) error {
	log = log.With("component", "run")
	ended := make(chan *job, len(tasks))
	jobs := make([]*job, len(tasks))
	for i, task := range tasks {
		jobs[i] = start(ctx, task, ended)
	}
	watch(ctx, log, ended, len(jobs))
	errs := make([]error, 0, len(jobs))
	for i := len(jobs) - 1; i >= 0; i-- {
		errs = append(errs, jobs[i].stop(log, grace))
	}
	return errors.Join(errs...)
}

// watch returns when it is time to stop.
func watch(ctx context.Context, log *slog.Logger, ended <-chan *job, count int) {
	for range count {
		select {
		case <-ctx.Done():
			log.Info("stopping")
			return
		case j := <-ended:
			if j.err != nil {
				log.Error("stopping, since a part failed", "task", j.name, "error", j.err)
				return
			}
		}
	}
}

// job is a task under way.
type job struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
	err    error // to be read after done
}

func start(ctx context.Context, task Task, ended chan<- *job) *job {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	j := &job{name: task.Name, cancel: cancel, done: make(chan struct{})}
	go func() {
		err := task.Run(ctx)
		if err != nil && !(ctx.Err() != nil && errors.Is(err, context.Canceled)) {
			j.err = fmt.Errorf("%s: %w", j.name, err)
		}
		close(j.done)
		ended <- j
	}()
	return j
}

func (j *job) stop(log *slog.Logger, grace time.Duration) error {
	began := time.Now()
	j.cancel()
	select {
	case <-j.done:
		log.Debug("stopped", "task", j.name, "after", time.Since(began))
		return j.err
	case <-time.After(grace):
		log.Error("a part did not stop in time", "task", j.name, "grace", grace)
		return fmt.Errorf("%s: did not stop within %s", j.name, grace)
	}
}
