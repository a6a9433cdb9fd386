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
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
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
	const most = 10 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir}, env...)
	cmd.WaitDelay = time.Second
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

// TestFirstStart is what a newcomer gets, with no settings but where.
func TestFirstStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p, addr := bareNatter(t, filepath.Join(dir, "data"), filepath.Join(dir, "log"))
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	d := &shape.Deployment{Shape: "standalone", Gateways: []string{"http://" + addr}}
	status, ana := askForGuest(t, d, 0, `{"name":"Ana"}`, nil)
	if status != 200 {
		t.Fatalf("a guest is answered with %d", status)
	}
	s := dial(t, d, 0)
	s.greet(ana.User.ID, ana.Token, nil)
	view := waitForRoom(s, "lobby")
	if view.Kind != "PUBLIC" {
		t.Errorf("lobby is %+v", view)
	}
	said := s.send("lobby", "first")
	natstest.Eventually(t, client.Patience, "the address of the page is told", func() bool { return strings.Contains(p.Tail(1000), "http://"+addr) })
	modes(t, filepath.Join(dir, "data"))

	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := dial(t, d, 0)
	again.greet(ana.User.ID, ana.Token, nil) // the secrets were kept
	if view := again.live("lobby"); view.Last == nil || view.Last.Seq != said.Seq {
		t.Errorf("after a restart lobby is %+v", view)
	}
}

// bareNatter is the program with nothing set but addresses and data.
func bareNatter(t *testing.T, data, log string) (*process.Process, string) {
	t.Helper()
	path, err := shared.programs.Path(build.Natter())
	if err != nil {
		t.Fatal(err)
	}
	addrs := [3]string{}
	for i := range addrs {
		if addrs[i], err = process.FreeAddr(); err != nil {
			t.Fatal(err)
		}
	}
	p := process.New(process.Config{
		Name: "natter", Path: path, Dir: t.TempDir(), Log: log, Ready: "http://" + addrs[2] + "/readyz",
		Env: []string{"NATTER_HTTP_ADDR=" + addrs[0], "NATTER_GRPC_ADDR=" + addrs[1], "NATTER_OPS_ADDR=" + addrs[2], "NATTER_DATA_DIR=" + data, "NATTER_DRAIN=1s"},
	})
	t.Cleanup(func() {
		if err := errors.Join(p.Kill(), p.Alarm()); err != nil {
			t.Error(err)
		}
	})
	return p, addrs[0]
}

// waitForRoom joins a room that is being made.
func waitForRoom(s *session, room string) *client.View {
	s.t.Helper()
	var view *client.View
	natstest.Eventually(s.t, client.Patience, "the room "+room+" may be joined", func() bool {
		view = s.do("join", M{"room": room}).Room
		return view != nil
	})
	return view
}

// TestPartitionsAreForEver: another number, later, would look for rooms where
// they are not.
func TestPartitionsAreForEver(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone(), "NATTER_DRAIN=100ms")
	room := enter(t, d, 0, "ana").create("room", nil).Room
	if err := d.Stop(); err != nil {
		t.Fatal(err)
	}
	got := runOnce(t, build.Natter(), []string{
		"NATTER_DATA_DIR=" + filepath.Join(d.Dir("natter"), "data"), "NATTER_PARTITIONS=8",
		"NATTER_HTTP_ADDR=127.0.0.1:0", "NATTER_GRPC_ADDR=127.0.0.1:0", "NATTER_OPS_ADDR=127.0.0.1:0",
	})
	if got.code == 0 || !strings.Contains(got.stderr, "NATTER_PARTITIONS") {
		t.Errorf("with another number of partitions it ends with %d: %s", got.code, got.stderr)
	}
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	enter(t, d, 0, "ana").send(room, "as before")
}

// TestDurabilityIsNamed: what is not synced is not called so.
func TestDurabilityIsNamed(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone(), "NATTER_DURABILITY=os")
	s := enter(t, d, 0, "ana")
	if ack := s.send(s.create("room", nil).Room, "x"); ack.Durability != "OS" {
		t.Errorf("with NATTER_DURABILITY=os the ack is %+v", ack)
	}
}

// modes: what is in the data directory is for its owner.
func modes(t *testing.T, data string) {
	t.Helper()
	secrets := 0
	err := filepath.WalkDir(data, func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		in := filepath.Base(filepath.Dir(path)) == "secrets"
		switch {
		case path == data && info.Mode().Perm()&0o077 != 0:
			t.Errorf("the data directory has mode %v", info.Mode())
		case in && !entry.IsDir():
			secrets++
			if info.Mode().Perm() != 0o600 {
				t.Errorf("%s has mode %v", path, info.Mode())
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if secrets < 4 {
		t.Errorf("%d secrets are kept", secrets)
	}
}

// TestTwoOnOneDirectory: a second process leaves the first one's data alone.
func TestTwoOnOneDirectory(t *testing.T) {
	t.Parallel()
	t.Run("natter", func(t *testing.T) {
		d := alone(t, shape.Standalone())
		s := enter(t, d, 0, "ana")
		room := s.create("room", nil).Room
		data := filepath.Join(d.Dir("natter"), "data")
		refusedData(t, data, runOnce(t, build.Natter(), []string{
			"NATTER_DATA_DIR=" + data, "NATTER_HTTP_ADDR=127.0.0.1:0", "NATTER_GRPC_ADDR=127.0.0.1:0", "NATTER_OPS_ADDR=127.0.0.1:0",
		}))
		s.send(room, "still here")
	})
	t.Run("history", func(t *testing.T) {
		d := alone(t, shape.Split())
		s := enter(t, d, 0, "ana")
		room := s.create("room", nil).Room
		data := filepath.Join(d.Dir("history"), "data")
		refusedData(t, data, runOnce(t, build.History(), append(d.Login("history"),
			"NATTER_DATA_DIR="+data, "NATTER_GRPC_ADDR=127.0.0.1:0", "NATTER_OPS_ADDR=127.0.0.1:0",
		)))
		s.send(room, "still here")
	})
}

func refusedData(t *testing.T, data string, got outcome) {
	t.Helper()
	if got.code == 0 || !strings.Contains(got.stderr, data) || !strings.Contains(got.stderr, "in use") {
		t.Errorf("a second process on %s ends with %d: %s", data, got.code, got.stderr)
	}
}

// TestTakenAddress: a port that is taken is told by its setting.
func TestTakenAddress(t *testing.T) {
	d := shared.deployment(t, shape.Standalone())
	taken := strings.TrimPrefix(gateway(d, 0), "http://")
	got := runOnce(t, build.Natter(), []string{"NATTER_HTTP_ADDR=" + taken, "NATTER_GRPC_ADDR=127.0.0.1:0", "NATTER_OPS_ADDR=127.0.0.1:0"})
	if got.code == 0 || !strings.Contains(got.stderr, "NATTER_HTTP_ADDR") || !strings.Contains(got.stderr, taken) {
		t.Errorf("it ends with %d: %s", got.code, got.stderr)
	}
}
