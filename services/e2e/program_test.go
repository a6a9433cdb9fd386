package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/build"
)

func ownPrograms() []build.Program {
	return []build.Program{build.Natter(), build.Gateway(), build.Presence(), build.History()}
}

// outcome of a program that ended by itself.
type outcome struct {
	stdout, stderr string
	code           int
}

// runOnce runs a program that must end by itself, in an empty directory.
func runOnce(t *testing.T, program build.Program, env []string, args ...string) outcome {
	t.Helper()
	path, err := shared.programs.Path(program)
	if err != nil {
		t.Fatal(err)
	}
	const most = 30 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}, env...)
	cmd.WaitDelay = most // what it said is lost if reading it takes longer
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%s %v with %v has not ended within %s; it said:\n%s%s", program.Name, args, env, most, stdout.String(), stderr.String())
	case err != nil && !errors.As(err, &exit):
		t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, p := range ownPrograms() {
		got := runOnce(t, p, nil, "--help")
		if got.code != 0 || !strings.Contains(got.stdout, "NATTER_LOG_LEVEL") || !strings.Contains(got.stdout, "--print-config") || got.stderr != "" {
			t.Errorf("%s --help ends with %d:\n%s%s", p.Name, got.code, got.stdout, got.stderr)
		}
		if got := runOnce(t, p, nil, "--version"); got.code != 0 || !strings.HasPrefix(got.stdout, p.Name+" ") {
			t.Errorf("%s --version ends with %d: %s%s", p.Name, got.code, got.stdout, got.stderr)
		}
	}
}

func TestPrintConfig(t *testing.T) {
	t.Parallel()
	const secret = "Zx93-not-to-be-printed-81q"
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range ownPrograms() {
		env := []string{
			"NATTER_LOG_LEVEL=debug", "NATTER_SERVICE_TOKEN=" + secret, "NATTER_ADMIN_TOKEN_FILE=" + file,
			"NATTER_JWT_SECRET=" + secret, "NATTER_GUEST_SECRET=" + secret, "NATTER_NATS_URL=nats://user:" + secret + "@127.0.0.1:4222",
		}
		got := runOnce(t, p, env, "--print-config")
		if got.code != 0 || !strings.Contains(got.stdout, "NATTER_LOG_LEVEL=DEBUG\n") || !strings.Contains(got.stdout, "NATTER_ADMIN_TOKEN=(set)") {
			t.Errorf("%s --print-config ends with %d:\n%s%s", p.Name, got.code, got.stdout, got.stderr)
		}
		if strings.Contains(got.stdout+got.stderr, secret) {
			t.Errorf("%s --print-config tells a secret:\n%s", p.Name, got.stdout)
		}
		if flag := runOnce(t, p, env, "--log-level=warn", "--print-config"); !strings.Contains(flag.stdout, "NATTER_LOG_LEVEL=WARN\n") {
			t.Errorf("%s: the flag does not go before the variable:\n%s", p.Name, flag.stdout)
		}
	}
}

// TestBadSettings stop the start, also where nothing else is there yet, with
// the name of the setting and without its value if that is a secret.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	good := []string{
		"NATTER_HTTP_ADDR=127.0.0.1:0", "NATTER_GRPC_ADDR=127.0.0.1:0", "NATTER_OPS_ADDR=127.0.0.1:0", "NATTER_NATS_URL=nats://127.0.0.1:1",
		"NATTER_SERVICE_TOKEN=k3-service-token-of-a-test", "NATTER_JWT_SECRET=k3-jwt-secret-of-this-test",
	}
	for _, c := range []struct {
		program build.Program
		setting string
	}{
		{build.Natter(), "NATTER_DURABILITY=maybe"}, {build.Natter(), "NATTER_PARTITIONS=0"}, {build.Natter(), "NATTER_ORIGINS=everywhere"},
		{build.Natter(), "NATTER_JWT_SECRET=secret"}, {build.Natter(), "NATTER_ADMIN_TOKEN=changeme"}, {build.Natter(), "NATTER_HTTP_ADDR=nowhere"},
		{build.Natter(), "NATTER_LOG_FORMAT=xml"}, {build.Natter(), "NATTER_SENDS_PER_SECOND=-1"}, {build.Natter(), "NATTER_DRAIN=soon"},
		{build.Natter(), "NATTER_JWKS=ftp://example.org/keys"}, {build.Natter(), "NATTER_JWT_LEEWAY=1h"}, {build.Natter(), "NATTER_USER_RATES=-1"},
		{build.Natter(), "NATTER_MEMBERS_PER_ROOM=-1"}, {build.Natter(), "NATTER_ADDRESS_CONNECTIONS=-1"}, {build.Gateway(), "NATTER_JWKS=ftp://example.org/keys"},
		{build.Gateway(), "NATTER_HANDSHAKES_PER_SECOND=-1"}, {build.Gateway(), "NATTER_TYPING_INTERVAL=-1s"}, {build.History(), "NATTER_REACTIONS_PER_MESSAGE=-1"},
		{build.Gateway(), "NATTER_SENDS_PER_SECOND=many"}, {build.Gateway(), "NATTER_ORIGINS=everywhere"}, {build.Gateway(), "NATTER_JWT_SECRET=secret"},
		{build.Gateway(), "NATTER_SERVICE_TOKEN=changeme"}, {build.Gateway(), "NATTER_GUESTS=true"}, {build.Gateway(), "NATTER_TRUSTED_PROXIES=all"},
		{build.History(), "NATTER_PARTITIONS=1000"}, {build.History(), "NATTER_DURABILITY=maybe"}, {build.History(), "NATTER_STORE=paper"},
		{build.History(), "NATTER_SERVICE_TOKEN=changeme"}, {build.Presence(), "NATTER_SERVICE_TOKEN=changeme"}, {build.Presence(), "NATTER_LOG_LEVEL=loud"},
	} {
		t.Run(c.program.Name+" "+c.setting, func(t *testing.T) {
			name, value, _ := strings.Cut(c.setting, "=")
			got := runOnce(t, c.program, append(good, c.setting))
			if got.code == 0 || !strings.Contains(got.stderr, name) && !(name == "NATTER_GUESTS" && strings.Contains(got.stderr, "NATTER_GUEST_SECRET")) {
				t.Errorf("it ends with %d: %s", got.code, got.stderr)
			}
			if strings.Contains(name, "TOKEN") && strings.Contains(got.stderr, value) {
				t.Errorf("the error tells the secret: %s", got.stderr)
			}
		})
	}
}
