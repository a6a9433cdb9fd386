package load

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// Fan is rooms in each of which one member speaks and all listen. Each listener
// looks whether it hears every message once, in order.
type Fan struct {
	rooms     []*fanRoom
	hush      chan struct{} // closed: nobody speaks any more
	hushed    sync.Once
	stop      atomic.Bool
	speaking  errgroup.Group
	listening errgroup.Group
}

// Faults are what listeners heard that must not be, and what they did not hear.
type Faults struct {
	// Gaps are messages that were not there when a later one came; Doubles are
	// those that came again, or after a later one; Lost never came.
	Gaps, Doubles, Lost int64
}

// err is nil if there is no fault.
func (f Faults) err() error {
	if f == (Faults{}) {
		return nil
	}
	return fmt.Errorf("%d gaps, %d doubles, %d lost", f.Gaps, f.Doubles, f.Lost)
}

// FanConfig says how large it is.
type FanConfig struct {
	// Name begins the names of the rooms; empty: "fan".
	Name string
	// Rooms, of so many Members each, of whom the first speaks.
	Rooms, Members int
	// InFlight is how many messages of a room may not have reached everybody.
	InFlight int
	// Pace is the time between two messages of a room, whoever they reached; 0: as
	// fast as InFlight lets them go.
	Pace time.Duration
	// Enter gives a connection that is live in a room.
	Enter func(room string, member int) (*wire.Conn, error)
}

// fanRoom is one of the rooms.
type fanRoom struct {
	name    string
	members []*wire.Conn
	cfg     FanConfig
	first   time.Duration // until the first message, of a fan with a pace
	said    atomic.Int64
	heard   atomic.Int64
	gaps    atomic.Int64
	doubles atomic.Int64
	moved   chan struct{} // something was heard by all, perhaps; never with a pace
	began   time.Time
	sent    []atomic.Int64    // when, after began, by number modulo their count
	waits   [][]time.Duration // from send to delivery, by member; with a pace only
}

// remembered is how many sends of a room are kept with their time.
const remembered = 1 << 12

// NewFan has all come in, some at a time.
func NewFan(cfg FanConfig) (*Fan, error) {
	f := &Fan{hush: make(chan struct{})}
	var entering errgroup.Group
	entering.SetLimit(32)
	for r := range cfg.Rooms {
		room := &fanRoom{
			name: fmt.Sprint(cmp.Or(cfg.Name, "fan"), "-", r), cfg: cfg, members: make([]*wire.Conn, cfg.Members), moved: make(chan struct{}, 1),
			first: cfg.Pace * time.Duration(r) / time.Duration(cfg.Rooms), began: time.Now(), sent: make([]atomic.Int64, remembered), waits: make([][]time.Duration, cfg.Members),
		}
		f.rooms = append(f.rooms, room)
		enter := func(i int) (err error) {
			room.members[i], err = cfg.Enter(room.name, i)
			return err
		}
		if err := enter(0); err != nil { // who may make the room
			f.Close()
			return nil, errors.Join(err, entering.Wait())
		}
		for i := 1; i < cfg.Members; i++ {
			entering.Go(func() error { return enter(i) })
		}
	}
	if err := entering.Wait(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Start has everybody speak and listen.
func (f *Fan) Start() {
	for _, room := range f.rooms {
		for i := range room.members {
			f.listening.Go(func() error { return room.listen(i, &f.stop) })
		}
		f.speaking.Go(func() error { return room.speak(f.hush) })
	}
}

// Heard is how many deliveries there were so far.
func (f *Fan) Heard() (sum int64) {
	for _, room := range f.rooms {
		sum += room.heard.Load()
	}
	return sum
}

// Stop ends it, whatever is still under way, and tells of whatever was not as it
// must be.
func (f *Fan) Stop() error {
	f.quiet()
	f.stop.Store(true)
	f.Close()
	return errors.Join(f.speaking.Wait(), f.listening.Wait(), f.faults().err())
}

// Finish has nobody speak any more, waits at most so long until everybody has
// heard all that was said, and ends it. Any fault is an error, too.
func (f *Fan) Finish(within time.Duration) (Faults, error) {
	f.quiet()
	err := f.speaking.Wait()
	deadline, tick := time.After(within), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for late := false; err == nil && !late && f.lost() > 0; {
		select {
		case <-tick.C:
		case <-deadline:
			late = true
		}
	}
	found := f.faults()
	found.Lost = f.lost()
	f.stop.Store(true)
	f.Close()
	return found, errors.Join(err, f.listening.Wait(), found.err())
}

func (f *Fan) quiet() { f.hushed.Do(func() { close(f.hush) }) }

// faults that were found so far.
func (f *Fan) faults() (sum Faults) {
	for _, room := range f.rooms {
		sum.Gaps += room.gaps.Load()
		sum.Doubles += room.doubles.Load()
	}
	return sum
}

// lost is what was said and not heard, yet.
func (f *Fan) lost() (sum int64) {
	for _, room := range f.rooms {
		sum += room.said.Load()*int64(room.cfg.Members) - room.heard.Load()
	}
	return sum
}

// Close ends the connections.
func (f *Fan) Close() {
	for _, room := range f.rooms {
		for _, c := range room.members {
			if c != nil {
				c.Close()
			}
		}
	}
}

// Median time from a send to a delivery. To be asked after Stop, of a fan with
// a pace.
func (f *Fan) Median() time.Duration {
	var all []time.Duration
	for _, room := range f.rooms {
		for _, waits := range room.waits {
			all = append(all, waits[len(waits)/4:]...) // without the warm-up
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// speak sends messages, each with its number, as the configuration lets it.
func (r *fanRoom) speak(hush <-chan struct{}) error {
	var due <-chan time.Time
	if r.cfg.Pace > 0 {
		select {
		case <-time.After(r.first):
		case <-hush:
		}
		ticker := time.NewTicker(r.cfg.Pace)
		defer ticker.Stop()
		due = ticker.C
	}
	var out []byte
	for n := 0; !closed(hush); {
		out = out[:0]
		for range r.mayGo(n) {
			n++
			out = wire.Append(out, wire.Text, r.message(n))
			r.sent[n%remembered].Store(int64(time.Since(r.began)))
		}
		if _, err := r.members[0].Write(out); err != nil && !closed(hush) {
			return err
		}
		r.said.Store(int64(n))
		select {
		case <-r.moved:
		case <-due:
		case <-hush:
		}
	}
	return nil
}

// mayGo is how many messages may be sent after n.
func (r *fanRoom) mayGo(n int) int {
	if r.cfg.Pace > 0 {
		return 1
	}
	missing := n*r.cfg.Members - int(r.heard.Load())
	return r.cfg.InFlight - (missing+r.cfg.Members-1)/r.cfg.Members
}

// message is a send of 128 bytes of text, which begin with its number.
func (r *fanRoom) message(n int) []byte {
	text := fmt.Appendf(nil, "%d ", n)
	for len(text) < 128 {
		text = append(text, 'x')
	}
	return fmt.Appendf(nil, `{"id":%d,"send":{"room":"%s","clientMsgId":"m%d","text":"%s","attempt":1}}`, n+9, r.name, n, text)
}

// listen counts what a member hears.
func (r *fanRoom) listen(i int, stop *atomic.Bool) error {
	for next := 1; ; {
		opcode, payload, err := r.members[i].Read()
		switch {
		case err != nil && stop.Load():
			return nil
		case err != nil:
			return fmt.Errorf("%s, member %d: %w", r.name, i, err)
		case opcode == wire.Close:
			return fmt.Errorf("%s, member %d was closed: %q", r.name, i, payload)
		}
		n, err := Number(payload)
		switch {
		case err != nil:
			return fmt.Errorf("%s, member %d: %w", r.name, i, err)
		case n == 0:
			continue
		case n < next:
			r.doubles.Add(1)
			continue
		case n > next:
			r.gaps.Add(int64(n - next))
		}
		next = n + 1
		reached := r.heard.Add(1)%int64(r.cfg.Members) == 0
		switch {
		case r.cfg.Pace > 0:
			r.waits[i] = append(r.waits[i], time.Since(r.began)-time.Duration(r.sent[n%remembered].Load()))
		case reached:
			select {
			case r.moved <- struct{}{}:
			default:
			}
		}
	}
}

// Number of the message of a [Fan] that a frame tells of; 0: it tells of none.
func Number(payload []byte) (int, error) {
	if bytes.Contains(payload, []byte(`"error":`)) {
		return 0, errors.New(string(payload))
	}
	_, text, found := bytes.Cut(payload, []byte(`"text":"`))
	if !found {
		return 0, nil
	}
	digits, _, _ := bytes.Cut(text, []byte(" "))
	return strconv.Atoi(string(digits))
}
