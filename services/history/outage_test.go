//go:build e2e

package history

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

func onPostgres(url string) Config {
	cfg := testConfig("")
	cfg.Store = url
	return cfg
}

// outageFor is how long PostgreSQL is away: NATTER_E2E_OUTAGE, or a while.
func outageFor(t *testing.T) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(cmp.Or(os.Getenv("NATTER_E2E_OUTAGE"), "8s"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPostgresAway: PostgreSQL crashes under load and stays away. Sends into
// rooms in use go on, resumes too; what needs the store says UNAVAILABLE; and
// when it is back, it has all that the log has.
func TestPostgresAway(t *testing.T) {
	db, server := pgtest.For(t), natstest.Start(t)
	url, err := db.Database()
	if err != nil {
		t.Fatal(err)
	}
	before := launchWith(t, server, onPostgres(url))
	before.ready()
	before.must(create("c", "cold", "ana"))
	before.stop()

	h := launchWith(t, server, onPostgres(url), func(s *Service) { s.held = 128 << 10 })
	h.ready()
	const rooms = 8
	var acked [rooms]atomic.Int64
	stop := make(chan struct{})
	var all sync.WaitGroup
	for n := range rooms {
		room := fmt.Sprint("warm-", n)
		h.must(create(room, room, "ana"))
		all.Go(func() {
			tick := time.NewTicker(5 * time.Millisecond)
			defer tick.Stop()
			for i := 0; ; i++ {
				id := fmt.Sprint(room, "-", i)
				if got := h.must(send(id, room, "ana", message(id, "while the store may be away", 1))); got.GetSeq() != uint32(i+2) {
					t.Errorf("%s got seq %d, want %d", id, got.GetSeq(), i+2)
				}
				acked[n].Add(1)
				select {
				case <-stop:
					return
				case <-tick.C:
				}
			}
		})
	}
	more := func(count int64, within time.Duration, when string) {
		t.Helper()
		var from [rooms]int64
		for n := range rooms {
			from[n] = acked[n].Load()
		}
		natstest.Eventually(t, within, "each room gets acks "+when, func() bool {
			for n := range rooms {
				if acked[n].Load() < from[n]+count {
					return false
				}
			}
			return true
		})
	}
	more(20, 30*time.Second, "before")
	if err := db.Kill(); err != nil {
		t.Fatal(err)
	}
	gone := time.Now()
	natstest.Eventually(t, 30*time.Second, "/readyz says that the store is away", func() bool {
		for _, c := range h.Checks() {
			if c.Name == "store" && c.Ready() != nil {
				return true
			}
		}
		return false
	})
	for time.Since(gone) < outageFor(t) {
		more(10, 30*time.Second, "while the store is away")
	}
	head := uint32(acked[0].Load())
	reply := h.ask("warm-0", &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: "ana", Rooms: []*chatv1.RoomPosition{{Room: "warm-0", After: proto.Uint32(head - 10)}}}}})
	if v := reply.GetViews().GetViews()[0]; v.GetView().GetResume() != chatv1.Resume_COMPLETE || len(v.GetEvents()) < 10 {
		t.Errorf("a resume while the store is away: %v", v)
	}
	if r := h.once(send("cold", "cold", "ana", message("cold", "text", 1))); r.GetRefusal().GetCode() != chatv1.ErrorCode_UNAVAILABLE {
		t.Errorf("a send into a room that only the store has: %v", r)
	}
	if _, _, err := h.readable(t.Context(), "warm-0", 0); err == nil {
		t.Error("a page while the store is away has no error")
	}
	if err := db.Start(); err != nil {
		t.Fatal(err)
	}
	h.ready()
	more(20, 30*time.Second, "after")
	close(stop)
	all.Wait()
	natstest.Eventually(t, 4*time.Minute, "the store has all that the log has", func() bool { return h.behind(t) == 0 })
	if got := h.must(send("cold2", "cold", "ana", message("cold2", "text", 1))).GetSeq(); got < 2 {
		t.Errorf("the cold room goes on at %d", got)
	}
	isFold(t, server, h.partitions, h.store)
	sum := int64(0)
	for n := range rooms {
		sum += acked[n].Load()
	}
	t.Logf("%d messages in all, the store was away for %s", sum, time.Since(gone).Round(time.Second))
}

// behind is how many events the store does not have yet, as the metric says.
func (r *running) behind(t *testing.T) float64 {
	t.Helper()
	sum := 0.0
	for p := range r.partitions {
		var m dto.Metric
		if err := r.metrics.behind.WithLabelValues(strconv.Itoa(p)).Write(&m); err != nil {
			t.Fatal(err)
		}
		sum += m.GetGauge().GetValue()
	}
	return sum
}

// once sends a command once.
func (r *running) once(c *chatv1.Command) *chatv1.CommandReply {
	r.t.Helper()
	data, err := proto.Marshal(c)
	if err != nil {
		r.t.Fatal(err)
	}
	msg, err := r.gateway.Request(subject.Command(subject.Partition(c.GetRoom(), r.partitions)), data, 20*time.Second)
	if err != nil {
		r.t.Fatal(err)
	}
	reply := &chatv1.CommandReply{}
	if err := proto.Unmarshal(msg.Data, reply); err != nil {
		r.t.Fatal(err)
	}
	return reply
}

// TestPostgresRestored: a database that is an older copy catches up.
func TestPostgresRestored(t *testing.T) {
	db, server := pgtest.For(t), natstest.Start(t)
	url, err := db.Database()
	if err != nil {
		t.Fatal(err)
	}
	h := launchWith(t, server, onPostgres(url))
	h.ready()
	h.must(create("c", "lobby", "ana"))
	h.sendMany("lobby", "before", 100)
	h.stop()
	backup, err := db.Copy(url)
	if err != nil {
		t.Fatal(err)
	}
	h = launchWith(t, server, onPostgres(url))
	h.ready()
	h.sendMany("lobby", "after", 1000)
	h.stop()

	h = launchWith(t, server, onPostgres(backup))
	h.ready()
	if got := h.must(send("n", "lobby", "ana", message("n", "next", 1))).GetSeq(); got != 1102 {
		t.Errorf("the next message has seq %d, want 1102", got)
	}
	isFold(t, server, h.partitions, h.store)
}

// TestLogTrimmedPastPostgres: an older copy of a database than the log goes back
// to is refused, and goes on when the gap is accepted.
func TestLogTrimmedPastPostgres(t *testing.T) {
	db := pgtest.For(t)
	url, err := db.Database()
	if err != nil {
		t.Fatal(err)
	}
	logTrimmed(t, onPostgres(url), func() Config {
		backup, err := db.Copy(url)
		if err != nil {
			t.Fatal(err)
		}
		return onPostgres(backup)
	})
}
