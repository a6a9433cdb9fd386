//go:build e2e

package stack_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/compose"
)

// plain is the stack of compose.yaml that the tests share; set by TestMain.
var plain *compose.Project

// first is how long it took from nothing until all was healthy.
var first time.Duration

// version of the images of a run.
const version = "e2e-1"

func TestMain(m *testing.M) {
	flag.Parse()
	code, err := runAll(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAIL:", err)
		code = 1
	}
	os.Exit(code)
}

func runAll(m *testing.M) (code int, err error) {
	dir, err := os.MkdirTemp("", "natter-stack-")
	if err != nil {
		return 1, err
	}
	defer os.RemoveAll(dir)
	plain, err = project(filepath.Join(dir, "plain"), "natter-e2e", "10.213.72.0/24")
	if err != nil {
		return 1, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	defer func() { err = errors.Join(err, plain.Down(context.Background())) }()
	if first, err = begin(ctx, plain); err != nil {
		return 1, errors.Join(err, keepLogs(plain, "start"))
	}
	code = m.Run()
	if code != 0 {
		err = keepLogs(plain, "plain")
	}
	return code, err
}

func project(dir, name, subnet string, files ...string) (*compose.Project, error) {
	deploy, err := filepath.Abs("../../../deploy")
	if err != nil {
		return nil, err
	}
	return compose.New(compose.Config{
		Deploy: deploy, Dir: dir, Name: name, Subnet: subnet, Files: files, Version: version,
		Settings: []string{
			// Tests send faster than people, and have no time to wait.
			"NATTER_SENDS_PER_SECOND=0", "NATTER_REQUESTS_PER_SECOND=0", "NATTER_SESSIONS_PER_USER=0",
			"NATTER_GUESTS=true", "NATTER_GUESTS_PER_MINUTE=30", "NATTER_DRAIN=6s",
		},
	})
}

// begin does what the guide says of the first start, and Prometheus.
func begin(ctx context.Context, p *compose.Project) (took time.Duration, err error) {
	if err := p.Down(ctx); err != nil { // what an earlier run left
		return 0, err
	}
	if _, err := p.Compose(ctx, "build"); err != nil {
		return 0, err
	}
	if _, err := p.Compose(ctx, "build", "secrets"); err != nil {
		return 0, err
	}
	user := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
	if _, err := p.Compose(ctx, "run", "--rm", "--user", user, "secrets"); err != nil {
		return 0, err
	}
	began := time.Now()
	if err := p.Up(ctx); err != nil {
		return 0, err
	}
	took = time.Since(began)
	if _, err := p.Compose(ctx, "run", "--rm", "natterctl", "rooms", "create", "--id", "lobby", "--if-missing", "Lobby"); err != nil {
		return 0, err
	}
	return took, p.Up(ctx, "--no-recreate", "prometheus")
}

func keepLogs(p *compose.Project, name string) error {
	if err := os.MkdirAll("../artifacts", 0o755); err != nil {
		return err
	}
	file, err := os.Create(filepath.Join("../artifacts", "stack-"+name+".log"))
	if err != nil {
		return err
	}
	return errors.Join(p.Logs(context.Background(), file), file.Close())
}

// long tells whether the long form is wanted.
func long() bool { return os.Getenv("NATTER_STACK_LONG") != "" }
