// Package process runs a built program as a child: starts it, waits until it
// is ready, ends it in every way a machine may end it, and keeps what it says.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Patience bounds a start and an orderly stop. It is for the slowest machine
// with the race detector; what is usual is a second.
const Patience = 60 * time.Second

// Config of a program.
type Config struct {
	// Name for messages.
	Name string
	// Path of the binary, and its arguments.
	Path string
	Args []string
	// Env are NAME=value; of the test's own environment only PATH, HOME and
	// TMPDIR are passed on.
	Env []string
	// Dir is the working directory.
	Dir string
	// Log is the file that takes stdout and stderr of all starts.
	Log string
	// Ready is a URL that answers 200 when the program may be used. Empty: as
	// soon as it runs.
	Ready string
}

// Process is a program that may be started again after it ended. Its methods
// may be called by several goroutines, one at a time taking effect.
type Process struct {
	cfg Config

	mu  sync.Mutex
	now *child // nil while it does not run
}

// New is a process that does not run yet.
func New(cfg Config) *Process { return &Process{cfg: cfg} }

// Name of the program.
func (p *Process) Name() string { return p.cfg.Name }

// Ready is the URL that tells whether it may be used; empty if there is none.
func (p *Process) Ready() string { return p.cfg.Ready }

// Start starts it and waits until it is ready.
func (p *Process) Start(ctx context.Context) error {
	if err := p.Launch(); err != nil {
		return err
	}
	return p.WaitReady(ctx)
}

// Launch starts it and does not wait. env is for this start alone.
func (p *Process) Launch(env ...string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.now != nil && !p.now.ended() {
		return fmt.Errorf("%s runs already", p.cfg.Name)
	}
	cfg := p.cfg
	cfg.Env = slices.Concat(cfg.Env, env)
	c, err := launch(cfg)
	if err != nil {
		return fmt.Errorf("start %s: %w", p.cfg.Name, err)
	}
	p.now = c
	return nil
}

// Kill ends it at once (SIGKILL), and waits until it is gone.
func (p *Process) Kill() error {
	_, err := p.end(syscall.SIGKILL, Patience)
	return err
}

// Stop asks it to end (SIGTERM) and waits. An exit code other than 0 is an error.
func (p *Process) Stop() error {
	code, err := p.end(syscall.SIGTERM, Patience)
	if err == nil && code != 0 {
		err = fmt.Errorf("%s ended with code %d after SIGTERM; its log ends with:\n%s", p.cfg.Name, code, p.Tail(30))
	}
	return err
}

// Terminate sends SIGTERM and does not wait.
func (p *Process) Terminate() error { return p.signal(syscall.SIGTERM) }

// Wait waits for the end and gives the exit code (-1 after a signal).
func (p *Process) Wait(ctx context.Context) (int, error) {
	c := p.child()
	if c == nil {
		return 0, fmt.Errorf("%s does not run", p.cfg.Name)
	}
	select {
	case <-c.done:
		return c.cmd.ProcessState.ExitCode(), nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%s has not ended: %w; its log ends with:\n%s", p.cfg.Name, context.Cause(ctx), p.Tail(30))
	}
}

// Running tells whether it runs.
func (p *Process) Running() bool {
	c := p.child()
	return c != nil && !c.ended()
}

// end of a process that does not run is no error.
func (p *Process) end(signal os.Signal, patience time.Duration) (int, error) {
	c := p.child()
	if c == nil {
		return 0, nil
	}
	if err := c.cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return 0, fmt.Errorf("%s: %w", p.cfg.Name, err)
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), patience, fmt.Errorf("%s after %s", patience, signal))
	defer cancel()
	return p.Wait(ctx)
}

func (p *Process) signal(signal os.Signal) error {
	c := p.child()
	if c == nil {
		return fmt.Errorf("%s does not run", p.cfg.Name)
	}
	if err := c.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("%s: %w", p.cfg.Name, err)
	}
	return nil
}

func (p *Process) child() *child {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

// child is one run of the program.
type child struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it ended and was waited for
}

func launch(cfg Config) (*child, error) {
	log, err := os.OpenFile(cfg.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(cfg.Path, cfg.Args...)
	cmd.Dir = cfg.Dir
	cmd.Env = append(inherited(), cfg.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = dieWithParent()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &child{cmd: cmd, done: make(chan struct{})}
	go func() {
		cmd.Wait() // what it ended with is in ProcessState
		close(c.done)
	}()
	return c, nil
}

func (c *child) ended() bool {
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

func inherited() []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "SYSTEMROOT"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return slices.Clip(env)
}
