//go:build e2e

package stack_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/compose"
)

// plain is the stack of compose.yaml that the tests share; set by TestMain.
var plain *compose.Project

const plainSubnet = "10.213.72.0/24"

// first is how long it took from nothing until all was healthy.
var first time.Duration

// version of the images of a run.
const version = "e2e-1"

func TestMain(m *testing.M) {
	flag.Parse()
	if !slices.Contains([]string{"short", "whole", "long"}, form()) {
		fmt.Fprintf(os.Stderr, "NATTER_STACK is %q; take short, whole or long\n", form())
		os.Exit(2)
	}
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
	plain, err = project(filepath.Join(dir, "plain"), "natter-e2e", plainSubnet)
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
	p, err := compose.New(compose.Config{
		Deploy: deploy, Dir: dir, Name: name, Subnet: subnet, Files: files, Version: version,
		Settings: []string{
			// Tests send faster than people, and have no time to wait.
			"NATTER_SENDS_PER_SECOND=0", "NATTER_REQUESTS_PER_SECOND=0", "NATTER_SESSIONS_PER_USER=0",
			"NATTER_GUESTS=true", "NATTER_GUESTS_PER_MINUTE=30", "NATTER_DRAIN=6s",
			"NATTER_ADMIN_TOKENS_FILE=/run/admins/tokens",
		},
	})
	if err != nil {
		return nil, err
	}
	// It is there from the start, and empty; see testFileOfAdmins.
	return p, os.WriteFile(filepath.Join(p.Admins(), "tokens"), nil, 0o644)
}

// begin does what the guide says of the first start, and Prometheus.
func begin(ctx context.Context, p *compose.Project) (took time.Duration, err error) {
	if took, err = beginEmpty(ctx, p); err != nil {
		return 0, err
	}
	if _, err := p.Compose(ctx, "run", "--rm", "natterctl", "rooms", "create", "--id", "lobby", "--if-missing", "Lobby"); err != nil {
		return 0, err
	}
	return took, p.Up(ctx, "--no-recreate", "prometheus")
}

// beginEmpty does the same without a room, for a restore.
func beginEmpty(ctx context.Context, p *compose.Project) (took time.Duration, err error) {
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
	return time.Since(began), nil
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

// form of the tests that is wanted: short, whole (the default) or long.
func form() string { return cmp.Or(os.Getenv("NATTER_STACK"), "whole") }

func long() bool { return form() == "long" }
