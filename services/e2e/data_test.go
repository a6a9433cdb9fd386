package e2e_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/process"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

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
