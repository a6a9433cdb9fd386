//go:build e2e

package history

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/history/faultpoint"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/history/store/postgres"
	"github.com/natter-chat/natter/services/history/store/sqlite"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

// program is the real history program, with fault points in it.
type program struct {
	t    *testing.T
	path string
	env  []string
	cmd  *exec.Cmd
}

func buildWithFaults(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-tags", "faultpoints", "-o", path, "./cmd/history").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}

func (p *program) start(fault string) {
	p.t.Helper()
	p.cmd = exec.Command(p.path)
	p.cmd.Env = append(os.Environ(), append(p.env, "NATTER_FAULTPOINT="+fault)...)
	log, err := os.OpenFile(filepath.Join(p.t.TempDir(), "log"), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd.Stderr = log
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd := p.cmd
	p.t.Cleanup(func() {
		_ = cmd.Process.Kill()
		if text, err := os.ReadFile(log.Name()); err == nil && p.t.Failed() {
			p.t.Logf("%s", text)
		}
	})
}

// TestKilledAtAnyPoint: the program is killed between log and store, at each
// point there is, and at a random time. After the restart everybody gets their
// answer, each message is there once, and the store is the fold of the log.
func TestKilledAtAnyPoint(t *testing.T) {
	path, db := buildWithFaults(t), pgtest.For(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	for _, point := range faultpoint.All() {
		for _, form := range []string{"sqlite", "postgres"} {
			fault := fmt.Sprintf("%s:%d", point, 1+dice.IntN(25))
			t.Run(form+"/"+fault, func(t *testing.T) {
				server, dir := natstest.Start(t, natstest.Listening()), t.TempDir()
				seedFile := filepath.Join(dir, "seed")
				if err := os.WriteFile(seedFile, server.Keys()[natsx.History].Seed, 0o600); err != nil {
					t.Fatal(err)
				}
				p := &program{t: t, path: path, env: []string{
					"NATTER_NATS_URL=" + server.URL(), "NATTER_NATS_CREDS=" + seedFile, "NATTER_DATA_DIR=" + dir, "NATTER_GRPC_ADDR=127.0.0.1:0", "NATTER_OPS_ADDR=127.0.0.1:0",
					"NATTER_SERVICE_TOKEN=a service token of a test", "NATTER_ADMIN_TOKEN=an admin token of a test",
				}}
				open := func() (store.Store, error) { return sqlite.Open(t.Context(), dir) }
				if form == "postgres" {
					url, err := db.Database()
					if err != nil {
						t.Fatal(err)
					}
					p.env = append(p.env, "NATTER_STORE="+url)
					open = func() (store.Store, error) { return postgres.Open(t.Context(), url) }
				}
				killAt(t, server, p, fault)
				live, err := open()
				if err != nil {
					t.Fatal(err)
				}
				defer live.Close()
				isFold(t, server, testPartitions, live)
			})
		}
	}
}

// killAt runs the program under load until it is killed at a point, and again
// until it is told to stop.
func killAt(t *testing.T, server *natstest.Server, p *program, fault string) {
	t.Helper()
	const rooms = 4
	h := &running{Service: &Service{partitions: testPartitions}, t: t, gateway: server.Connect(t, natsx.Gateway)}
	p.start(fault)
	stop := make(chan struct{})
	var acked [rooms]atomic.Int64
	var all sync.WaitGroup
	for n := range rooms {
		all.Go(func() {
			room := fmt.Sprint("room-", n)
			h.must(create(room, room, "ana"))
			for seq := uint32(2); ; seq += 3 {
				id := fmt.Sprint(room, "-", seq)
				if got := h.must(send(id, room, "ana", message(id, "hello", 1))); got.GetSeq() != seq {
					t.Errorf("%s got seq %d, want %d", id, got.GetSeq(), seq)
				}
				h.must(edit(id+"e", room, "ana", seq, "edited"))
				h.must(react(id+"r", room, "ana", seq))
				acked[n].Add(1)
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	ended := make(chan struct{})
	go func() {
		_ = p.cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Fatalf("the program was never killed at %s", fault)
	}
	if status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the program was not killed, it ended: %s", p.cmd.ProcessState)
	}
	p.start("")
	for n := range rooms {
		from := acked[n].Load()
		natstest.Eventually(t, time.Minute, "acks come after the restart", func() bool { return acked[n].Load() >= from+5 })
	}
	close(stop)
	all.Wait()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}
