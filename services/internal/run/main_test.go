package run_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/natter-chat/natter/services/internal/run"
)

// TestMain lets the test binary be a program that runs under run.Main.
func TestMain(m *testing.M) {
	switch os.Getenv("RUN_TEST_PROGRAM") {
	case "fails":
		os.Exit(run.Main(func(context.Context, []string) error { return errors.New("no disk") }))
	case "drains":
		os.Exit(run.Main(func(ctx context.Context, args []string) error {
			fmt.Println("ready", args)
			<-ctx.Done()
			fmt.Println("draining")
			return ctx.Err()
		}))
	case "hangs":
		os.Exit(run.Main(func(ctx context.Context, _ []string) error {
			fmt.Println("ready")
			<-ctx.Done()
			fmt.Println("draining")
			select {}
		}))
	}
	os.Exit(m.Run())
}

type program struct {
	*exec.Cmd
	out    *bufio.Reader
	stderr bytes.Buffer
}

func launch(t *testing.T, which string, args ...string) *program {
	t.Helper()
	p := &program{Cmd: exec.Command(os.Args[0], args...)}
	p.Env = append(os.Environ(), "RUN_TEST_PROGRAM="+which)
	p.Stderr = &p.stderr
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.out = bufio.NewReader(out)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Process.Kill() })
	return p
}

func (p *program) says(t *testing.T, want string) {
	t.Helper()
	if line, err := p.out.ReadString('\n'); strings.TrimSpace(line) != want {
		t.Fatalf("the program says %q (%v), not %q", line, err, want)
	}
}

func TestMainPrintsTheError(t *testing.T) {
	p := launch(t, "fails")
	p.Wait()
	if code := p.ProcessState.ExitCode(); code != 1 || !strings.HasSuffix(p.stderr.String(), ": no disk\n") {
		t.Errorf("exit code %d, stderr %q", code, p.stderr.String())
	}
}

func TestMainDrainsAtASignal(t *testing.T) {
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := launch(t, "drains", "x")
		p.says(t, "ready [x]")
		p.Process.Signal(signal)
		p.says(t, "draining")
		p.Wait()
		if code := p.ProcessState.ExitCode(); code != 0 || p.stderr.Len() > 0 {
			t.Errorf("%v: exit code %d, stderr %q", signal, code, p.stderr.String())
		}
	}
}

func TestMainEndsAtASecondSignal(t *testing.T) {
	p := launch(t, "hangs")
	p.says(t, "ready")
	p.Process.Signal(os.Interrupt)
	p.says(t, "draining")
	// The first signal's handler is taken away just after the context has
	// ended, so one of these is the second.
	done := make(chan struct{})
	go func() { p.Wait(); close(done) }()
	for {
		p.Process.Signal(os.Interrupt)
		select {
		case <-done:
			if p.ProcessState.Success() {
				t.Error("a program that was cut short reports success")
			}
			return
		default:
		}
	}
}
