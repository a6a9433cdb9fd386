package presence

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// nowhere is a store that keeps nothing.
type nowhere struct{}

func (nowhere) keep(_ []*chatv1.Seen, then func(bool))         { then(true) }
func (nowhere) lastSeen(_ []string, then func([]*chatv1.Seen)) { then(nil) }

// benchReplica is a replica that owns all rooms, without a NATS around it. It
// counts what it publishes to rooms.
func benchReplica(b *testing.B, now time.Time) (r *replica, told *int) {
	b.Helper()
	cfg, err := Config{}.withDefaults()
	if err != nil {
		b.Fatal(err)
	}
	counters, err := newMetrics(prometheus.NewRegistry(), func() *state { return &state{} })
	if err != nil {
		b.Fatal(err)
	}
	told = new(int)
	publish := func(_, _ string, m proto.Message) {
		if _, room := m.(*presencev1.RoomChanges); room {
			*told++
		}
	}
	r = newReplica("r", cfg, now, publish, func() (bool, uint64) { return true, 0 }, newSyncs(func(string) {}), nowhere{}, counters)
	r.owning = true
	return r, told
}

func delta(b *testing.B, number uint64, changes ...*presencev1.Change) *nats.Msg {
	b.Helper()
	data, err := proto.Marshal(&presencev1.FromGateway{Gateway: "g", Incarnation: 1, Number: number, Changes: changes})
	if err != nil {
		b.Fatal(err)
	}
	return &nats.Msg{Subject: subject.PresenceIn("g"), Data: data}
}

func began(i int, in ...string) *presencev1.Change {
	return &presencev1.Change{Change: &presencev1.Change_Session{Session: &presencev1.Session{
		Session: fmt.Sprint("session-", i), User: fmt.Sprint("user-", i), State: online, Rooms: in,
	}}}
}

// BenchmarkChange is what one user's change costs a replica, from the bytes of
// the gateway's message to the batch of a room of 100, each change in a batch of
// its own. It uses one processor.
func BenchmarkChange(b *testing.B) {
	now := time.Now()
	r, told := benchReplica(b, now)
	for i := range 100 {
		r.gatewayMessage(delta(b, uint64(i+1), began(i, "red")))
	}
	r.tick(now)
	states := [2]*presencev1.Change{began(0, "red"), began(0, "red")}
	states[0].GetSession().State = busy
	before := *told
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		r.gatewayMessage(delta(b, uint64(101+i), states[i%2]))
		r.flush(now)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N), "cpu-ns/change")
	if *told-before != b.N {
		b.Fatalf("%d changes were told in %d batches", b.N, *told-before)
	}
}

// BenchmarkMemory is what a user with one session in ten rooms of 200 holds in a
// replica that owns all rooms.
func BenchmarkMemory(b *testing.B) {
	const users, rooms = 20_000, 1_000
	for range b.N {
		before := liveHeap()
		now := time.Now()
		r, _ := benchReplica(b, now)
		for i := range users {
			in := make([]string, 10)
			for n := range in {
				in[n] = fmt.Sprint("room-", (i+n*97)%rooms)
			}
			r.gatewayMessage(delta(b, uint64(i+1), began(i, in...)))
		}
		for range 12 { // past the repeats of what was told
			now = now.Add(window)
			r.flush(now)
		}
		b.ReportMetric(float64(liveHeap()-before)/users, "B/user")
		runtime.KeepAlive(r)
	}
}

func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkHerd: 2,000 users of one room come at once, over a real NATS. There is
// at most one batch per window: a batch begins no sooner than a window after the
// one before it, so that more than this were too many however slow the machine is.
func BenchmarkHerd(b *testing.B) {
	const herd = 2_000
	server := natstest.Start(b)
	s, _ := serve(b, server)
	g := newNATSGateway(b, server, "g")
	waitReady(b, s)
	batches := 0
	for n := range b.N {
		room := fmt.Sprint("room-", n)
		heard := g.follow(room)
		began := time.Now()
		for i := range herd {
			id := fmt.Sprintf("%d-%d", n, i)
			g.opens(id, id, online, room)
		}
		for told := 1; ; told++ {
			m := next(b, heard)
			if most := int(time.Since(began)/window) + 1; told > most {
				b.Fatalf("%d batches in %v, and at most %d may be", told, time.Since(began), most)
			}
			if m.Online == herd {
				batches += told
				break
			}
		}
	}
	b.ReportMetric(float64(batches)/float64(b.N), "batches/herd")
}

// BenchmarkIdle: 20,000 sessions that do nothing for 30 s cost no message of
// presence but the gateway's beats and the replica's. The sessions are said by a
// gateway of the test over a real NATS.
func BenchmarkIdle(b *testing.B) {
	const sessions, rooms, idle = 20_000, 400, 30 * time.Second
	server := natstest.Start(b)
	s, _ := serve(b, server)
	g := newNATSGateway(b, server, "g")
	for i := range sessions {
		g.opens(fmt.Sprint("session-", i), fmt.Sprint("user-", i), online, fmt.Sprint("room-", i%rooms))
	}
	waitReady(b, s)
	natstest.Eventually(b, time.Minute, "all are known", func() bool {
		state := s.state.Load()
		return state != nil && state.Sessions == sessions
	})
	observer := server.Connect(b, natsx.Operator)
	messages := make(chan *nats.Msg, 65536)
	if _, err := observer.ChanSubscribe("presence.>", messages); err != nil {
		b.Fatal(err)
	}
	quiet(b, messages, 2*time.Second, time.Minute) // the last batches, and their repeats
	for range b.N {
		beats, others := traffic(b, messages, idle)
		if others != 0 || beats == 0 {
			b.Fatalf("%d messages besides %d beats in %v", others, beats, idle)
		}
		b.ReportMetric(float64(beats)/idle.Seconds(), "beats/s")
		b.ReportMetric(float64(others), "others")
	}
}

// quiet waits until there were only beats for some time.
func quiet(b *testing.B, messages <-chan *nats.Msg, calm, most time.Duration) {
	b.Helper()
	for end := time.Now().Add(most); time.Now().Before(end); {
		if _, others := traffic(b, messages, calm+time.Second); others == 0 {
			return
		}
	}
	b.Fatalf("presence did not come to rest in %v", most)
}

// traffic counts beats, and what is none, for some time.
func traffic(b *testing.B, messages <-chan *nats.Msg, during time.Duration) (beats, others int) {
	b.Helper()
	end := time.After(during)
	for {
		select {
		case <-end:
			return beats, others
		case m := <-messages:
			if beat(m) {
				beats++
			} else {
				others++
			}
		}
	}
}

func beat(m *nats.Msg) bool {
	if m.Subject == subject.PresencePeers {
		p := &presencev1.Peer{}
		return proto.Unmarshal(m.Data, p) == nil && p.Ask == nil && !p.Leaving
	}
	f := &presencev1.FromGateway{}
	return m.Subject == subject.PresenceIn("g") && proto.Unmarshal(m.Data, f) == nil && len(f.Changes) == 0
}
