package gateway

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// TestFeedLosesNothing lets events come lost, doubled, late and out of order,
// and sessions come, look again and be removed at any moment. Each of them has
// to see what follows on its position, each event once and in order, and
// nothing after it was removed.
func TestFeedLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newFeedWorld(rt)
		defer w.gateway.stop()
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 9).Draw(rt, "action") {
			case 0, 1, 2:
				w.write(rapid.IntRange(1, 8).Draw(rt, "events"))
			case 3, 4, 5:
				w.deliver(rapid.Float64Range(0, 0.6).Draw(rt, "loss"))
			case 6:
				w.come(rapid.IntRange(-1, len(w.log)).Draw(rt, "after"))
			case 7:
				w.comeBack(rapid.IntRange(0, 20).Draw(rt, "who"), rapid.IntRange(0, len(w.log)).Draw(rt, "after"))
			case 8:
				w.remove(rapid.IntRange(0, 20).Draw(rt, "who"))
			case 9:
				w.feed.head(uint32(len(w.log)), time.Now(), true)
			}
		}
		w.settle()
		w.check()
	})
}

// feedWorld is one feed, its room's log, and the sessions in it.
type feedWorld struct {
	t       *rapid.T
	gateway *Gateway
	feed    *feed
	random  *rand.Rand

	mu      sync.Mutex
	log     []*chatv1.Event
	waiting []*chatv1.RoomEvents // published, and not come yet
	guests  []*feedGuest
	coming  sync.WaitGroup
}

// feedGuest is a session and what it has to see.
type feedGuest struct {
	session *session
	conn    *recorder
	removed uint32 // seq; 0: never
}

func newFeedWorld(t *rapid.T) *feedWorld {
	w := &feedWorld{t: t, random: rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))}
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	g := &Gateway{log: testLog(), metrics: m, stretches: w, wheel: newWheel(), reporter: newReporter(nil, "g", time.Now())}
	g.users = &users{gateway: g, byID: map[string]*user{}}
	g.life, g.end = context.WithCancel(context.Background())
	w.gateway = g
	w.feed = &feed{room: "lobby", gateway: g, fold: &fold{members: 1}}
	return w
}

// after makes the world the owner of its room: it tells of a part only.
func (w *feedWorld) after(_ context.Context, _ string, seq uint32) (*chatv1.EventList, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.random.IntN(4) == 0 {
		return nil, errUnavailable
	}
	end := min(len(w.log), int(seq)+1+w.random.IntN(7))
	return &chatv1.EventList{Events: w.log[min(int(seq), end):end], Head: uint32(len(w.log))}, nil
}

// write adds events, of which some are published together.
func (w *feedWorld) write(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	message := &chatv1.RoomEvents{}
	for range n {
		message.Events = append(message.Events, w.add(&chatv1.Event{
			Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: fmt.Sprint(len(w.log) + 1)}},
		}))
		if w.random.IntN(2) == 0 {
			w.waiting = append(w.waiting, message)
			message = &chatv1.RoomEvents{}
		}
	}
	w.waiting = append(w.waiting, message)
}

func (w *feedWorld) add(e *chatv1.Event) *chatv1.Event {
	e.Room, e.Seq, e.User = "lobby", uint32(len(w.log)+1), "writer"
	w.log = append(w.log, e)
	return e
}

// deliver lets some of what was published come, in any order, some of it twice
// and some never.
func (w *feedWorld) deliver(loss float64) {
	w.mu.Lock()
	var come []*chatv1.RoomEvents
	var later []*chatv1.RoomEvents
	for _, m := range w.waiting {
		switch {
		case w.random.Float64() < loss:
		case w.random.IntN(4) == 0:
			later = append(later, m)
		case w.random.IntN(6) == 0:
			come = append(come, m, m)
		default:
			come = append(come, m)
		}
	}
	if w.random.IntN(3) == 0 {
		w.random.Shuffle(len(come), func(i, j int) { come[i], come[j] = come[j], come[i] })
	}
	w.waiting = later
	w.mu.Unlock()
	for _, m := range come {
		w.hand(m)
	}
}

func (w *feedWorld) hand(m *chatv1.RoomEvents) {
	var d dirty
	w.feed.mu.Lock()
	w.feed.receive(m.GetEvents(), source{}, &d)
	w.feed.mu.Unlock()
	d.flush()
}

// come brings a new session in, at its own pace; after is below 0 for one that
// has nothing.
func (w *feedWorld) come(after int) {
	if len(w.log) == 0 {
		return
	}
	conn := newRecorder()
	s := &session{gateway: w.gateway, id: fmt.Sprint(len(w.guests)), serial: uint64(len(w.guests)), codec: frame.JSON()}
	s.socket = newSocket(conn, &w.gateway.buffers, 1<<30, w.gateway.wheel.now)
	s.user = &user{id: "user-" + s.id}
	guest := &feedGuest{session: s, conn: conn}
	w.guests = append(w.guests, guest)
	w.enter(guest, after)
}

func (w *feedWorld) comeBack(who, after int) {
	if len(w.guests) > 0 {
		if guest := w.guests[who%len(w.guests)]; guest.removed == 0 {
			w.coming.Wait() // a session's requests for one room follow one another
			w.enter(guest, after)
		}
	}
}

// enter looks at the room now, and goes in a little later.
func (w *feedWorld) enter(guest *feedGuest, after int) {
	w.mu.Lock()
	head := uint32(len(w.log))
	e := &entrance{session: guest.session, feed: w.feed, view: &chatv1.RoomView{Room: "lobby", Head: head}, pos: head}
	if after >= 0 {
		e.pos = min(uint32(after), head)
		e.backlog = w.log[e.pos : int(e.pos)+w.random.IntN(int(head-e.pos)+1)]
	}
	e.opening = openingAt(e.pos)
	w.mu.Unlock()
	w.coming.Go(func() {
		for e.enter(context.Background()) != nil && e.session.seatIn(w.feed) == nil && guest.removed == 0 {
			e = &entrance{session: e.session, feed: e.feed, view: e.view, opening: openingAt(e.pos), pos: e.pos}
		}
	})
}

// openingAt is a frame in place of a view: what follows goes on from there.
func openingAt(seq uint32) []byte {
	text := fmt.Sprintf(`{"opening":"%d"}`, seq)
	return append([]byte{0x81, byte(len(text))}, text...)
}

// remove takes a session's user out of the room, for good.
func (w *feedWorld) remove(who int) {
	if len(w.guests) == 0 {
		return
	}
	guest := w.guests[who%len(w.guests)]
	if guest.removed > 0 {
		return
	}
	w.coming.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	e := w.add(&chatv1.Event{Change: &chatv1.Event_Removed{Removed: &chatv1.Removed{User: guest.session.user.id}}})
	guest.removed = e.GetSeq()
	w.waiting = append(w.waiting, &chatv1.RoomEvents{Events: []*chatv1.Event{e}})
}

// settle waits until the feed has everything.
func (w *feedWorld) settle() {
	w.deliver(0.3)
	w.coming.Wait()
	if len(w.guests) == 0 {
		return
	}
	if !comes(func() bool {
		w.feed.head(uint32(len(w.log)), time.Now(), true)
		return w.feed.at() >= uint32(len(w.log))
	}) {
		w.t.Fatalf("the feed stands at %d of %d", w.feed.at(), len(w.log))
	}
}

// comes waits for a condition, 20 s at most.
func comes(condition func() bool) bool {
	tick, end := time.NewTicker(200*time.Microsecond), time.After(20*time.Second)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-end:
			return false
		}
	}
	return true
}

func (w *feedWorld) check() {
	for _, guest := range w.guests {
		if !comes(func() bool { return !guest.session.out().unsettled() }) {
			w.t.Fatalf("session %s is never written out", guest.session.id)
		}
		if err := guest.check(uint32(len(w.log))); err != nil {
			w.t.Fatalf("session %s (removed at %d): %v\n%v", guest.session.id, guest.removed, err, guest.conn.frames())
		}
	}
}

// check reads what the session was told: after an opening at a position, what
// follows on it.
func (g *feedGuest) check(head uint32) error {
	last, over := uint32(0), false
	for _, f := range g.conn.frames() {
		event, isEvent := f["event"].(object)
		opening, isOpening := f["opening"]
		switch {
		case over:
			return fmt.Errorf("%v after the end", f)
		case isOpening:
			seq, _ := strconv.Atoi(opening.(string))
			last = uint32(seq)
		case isEvent:
			if seq := uint32(event["seq"].(float64)); seq != last+1 {
				return fmt.Errorf("%d follows %d", seq, last)
			}
			last++
		case f["gone"] != nil && f["gone"].(object)["reason"] == "removed":
			over = true
			if last != g.removed {
				return fmt.Errorf("gone at %d", last)
			}
		}
	}
	switch {
	case g.removed > 0 && !over:
		return fmt.Errorf("not gone, at %d", last)
	case g.removed == 0 && last != head:
		return fmt.Errorf("it ends at %d of %d", last, head)
	}
	return nil
}

// unsettled tells whether a flush is owed or under way.
func (o *outbox) unsettled() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.busy
}

// recorder is a connection that takes everything.
type recorder struct {
	net.Conn
	mu    sync.Mutex
	bytes []byte
}

func newRecorder() *recorder {
	inner, _ := net.Pipe()
	return &recorder{Conn: inner}
}

func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bytes = append(r.bytes, p...)
	return len(p), nil
}

// frames are the WebSocket frames written so far, as JSON.
func (r *recorder) frames() []object {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []object
	for rest := r.bytes; len(rest) >= 2; {
		size, header := int(rest[1]), 2
		if size == 126 {
			size, header = int(binary.BigEndian.Uint16(rest[2:])), 4
		}
		var f object
		if err := json.Unmarshal(rest[header:header+size], &f); err != nil {
			panic(fmt.Sprintf("%v: %q", err, rest[header:header+size]))
		}
		list = append(list, f)
		rest = rest[header+size:]
	}
	return list
}
