package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natsx"
)

const (
	beatEvery = time.Second
	// reportAfter is how long changes are gathered: a herd that comes back costs
	// presence a few messages, not one per session.
	reportAfter = 20 * time.Millisecond
	// reportBytes bounds one message.
	reportBytes = 256 << 10
)

// reporter tells the presence service of this gateway's sessions: what changes,
// numbered, and the whole when it is asked.
type reporter struct {
	nc          *nats.Conn
	gateway     string
	incarnation uint64
	wake        chan struct{}

	mu       sync.Mutex
	number   uint64
	sessions map[uint64]*presencev1.Session // by serial
	changes  []*presencev1.Change           // not told yet
}

func newReporter(nc *nats.Conn, gateway string, began time.Time) *reporter {
	return &reporter{
		nc: nc, gateway: gateway, incarnation: uint64(began.UnixMilli()),
		wake: make(chan struct{}, 1), sessions: map[uint64]*presencev1.Session{},
	}
}

// began: a session was greeted.
func (r *reporter) began(s *session, status deviceStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	p := &presencev1.Session{Session: s.id, User: s.user.id}
	describe(p, status)
	r.sessions[s.serial] = p
	r.add(&presencev1.Change{Change: &presencev1.Change_Session{Session: proto.CloneOf(p)}})
}

// changed: a session has another state.
func (r *reporter) changed(s *session, status deviceStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.sessions[s.serial]; p != nil && describe(p, status) {
		r.add(&presencev1.Change{Change: &presencev1.Change_Session{Session: proto.CloneOf(p)}})
	}
}

// describe puts a status into what is told of a session, and tells whether that
// makes a difference.
func describe(p *presencev1.Session, s deviceStatus) bool {
	if p.State == s.shown && p.Said == s.state && p.Text == s.text && p.StatusMs == s.ms && p.TextUntilMs == s.untilMS {
		return false
	}
	p.State, p.Said, p.Text, p.StatusMs, p.TextUntilMs = s.shown, s.state, s.text, s.ms, s.untilMS
	return true
}

// ended: a session is over.
func (r *reporter) ended(s *session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sessions[s.serial] != nil {
		delete(r.sessions, s.serial)
		r.add(&presencev1.Change{Change: &presencev1.Change_Ended{Ended: s.id}})
	}
}

// entered: a room is live on a session of a member.
func (r *reporter) entered(s *session, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.sessions[s.serial]; p != nil && !slices.Contains(p.Rooms, room) {
		p.Rooms = append(p.Rooms, room)
		r.rooms(s, &presencev1.RoomsChanged{Entered: []string{room}})
	}
}

// left: a room is live no more, or its user is no member.
func (r *reporter) left(s *session, room string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p := r.sessions[s.serial]; p != nil && slices.Contains(p.Rooms, room) {
		p.Rooms = slices.DeleteFunc(p.Rooms, func(other string) bool { return other == room })
		r.rooms(s, &presencev1.RoomsChanged{Left: []string{room}})
	}
}

// rooms adds a change of rooms, to the one before it where that is of the same
// session and kind.
func (r *reporter) rooms(s *session, c *presencev1.RoomsChanged) {
	if n := len(r.changes); n > 0 {
		last := r.changes[n-1].GetRooms()
		if last.GetSession() == s.id && (len(last.GetEntered()) > 0) == (len(c.GetEntered()) > 0) {
			last.Entered, last.Left = append(last.Entered, c.GetEntered()...), append(last.Left, c.GetLeft()...)
			return
		}
	}
	c.Session = s.id
	r.add(&presencev1.Change{Change: &presencev1.Change_Rooms{Rooms: c}})
}

func (r *reporter) add(c *presencev1.Change) {
	r.changes = append(r.changes, c)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// run tells what changes, and once a second that this gateway lives, until ctx
// ends.
func (r *reporter) run(ctx context.Context) {
	beat := time.NewTicker(beatEvery)
	defer beat.Stop()
	gather := time.NewTimer(time.Hour)
	defer gather.Stop()
	for {
		select {
		case <-ctx.Done():
			r.tell()
			return
		case <-beat.C:
			r.beat()
		case <-r.wake:
			gather.Reset(reportAfter)
		case <-gather.C:
			r.tell()
		}
	}
}

func (r *reporter) beat() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.publish(&presencev1.FromGateway{Gateway: r.gateway, Incarnation: r.incarnation, Number: r.number})
}

// tell publishes what changed, in messages of a bounded size.
func (r *reporter) tell() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for len(r.changes) > 0 {
		n, size := 0, 0
		for n < len(r.changes) && (n == 0 || size < reportBytes) {
			size += proto.Size(r.changes[n]) + 8
			n++
		}
		if size > reportBytes && n > 1 {
			n--
		}
		r.number++
		r.publish(&presencev1.FromGateway{Gateway: r.gateway, Incarnation: r.incarnation, Number: r.number, Changes: r.changes[:n]})
		r.changes = r.changes[n:]
	}
	r.changes = nil
}

// publish may lose: the numbers show it.
func (r *reporter) publish(m *presencev1.FromGateway) {
	if data, err := proto.Marshal(m); err == nil {
		_ = r.nc.Publish(subject.PresenceIn(r.gateway), data)
	}
}

// onSync answers presence.sync.<gateway> with a part of the whole. What is not
// told yet is in it, and comes again as a change, which does no harm.
func (r *reporter) onSync(msg *nats.Msg, _ *dirty) {
	request := &presencev1.SyncRequest{}
	if proto.Unmarshal(msg.Data, request) != nil {
		return
	}
	if data, err := proto.Marshal(r.part(request.GetCursor())); err == nil {
		_ = natsx.Respond(msg, data) // the asker asks again
	}
}

// part is as many sessions from the cursor on as one message holds.
func (r *reporter) part(cursor uint64) *presencev1.SyncReply {
	r.mu.Lock()
	defer r.mu.Unlock()
	serials := make([]uint64, 0, len(r.sessions))
	for serial := range r.sessions {
		if serial >= cursor {
			serials = append(serials, serial)
		}
	}
	slices.Sort(serials)
	reply := &presencev1.SyncReply{Incarnation: r.incarnation, Number: r.number}
	size := 0
	for _, serial := range serials {
		p := r.sessions[serial]
		if size += proto.Size(p) + 8; size > reportBytes-1024 && len(reply.Sessions) > 0 {
			reply.Cursor = serial
			break
		}
		reply.Sessions = append(reply.Sessions, proto.CloneOf(p))
	}
	return reply
}
