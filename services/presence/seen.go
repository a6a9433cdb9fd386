package presence

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

const (
	lastSeenExact  = "exact"
	lastSeenCoarse = "coarse"
	lastSeenOff    = "off"

	// keepEvery is how often it is kept at most when one user was last seen.
	keepEvery = time.Minute
	// seenTend is how often the book is looked through.
	seenTend = time.Second
	// rememberSeen is how long a replica remembers those whom it does not keep:
	// long enough for who keeps them.
	rememberSeen = 3 * time.Minute
	maxKept      = 1000    // at once
	maxSeen      = 200_000 // in the book
)

// lastSeenSteps are how exact each setting is.
var lastSeenSteps = map[string]time.Duration{lastSeenExact: time.Second, lastSeenCoarse: time.Hour, lastSeenOff: 0}

// archive is history's store as far as presence needs it. Neither method waits;
// what comes of it is told from another goroutine.
type archive interface {
	// keep keeps when users were last seen, and tells whether it is kept.
	keep(seen []*chatv1.Seen, then func(kept bool))
	// lastSeen tells when users were last seen; nothing, where it cannot.
	lastSeen(users []string, then func([]*chatv1.Seen))
}

// seenBook knows when users were last seen who went lately, and has it kept. An
// invisible user is last seen when they become invisible. Only the loop touches
// it, but for outcome.
type seenBook struct {
	step    time.Duration // 0: off
	archive archive
	real    time.Time
	tended  time.Time
	users   map[string]*lastSeen
	keeping []*chatv1.Seen
	outcome chan bool
}

// lastSeen is one user in the book.
type lastSeen struct {
	at          time.Time // as exact as it may be told
	noted, kept time.Time
	open        bool // to be kept
}

func newSeenBook(setting string, a archive) *seenBook {
	return &seenBook{step: lastSeenSteps[setting], archive: a, users: map[string]*lastSeen{}, outcome: make(chan bool, 1)}
}

// gone notes that others do not see a user any more.
func (b *seenBook) gone(user string) {
	if b.step == 0 {
		return
	}
	e := b.users[user]
	if e == nil {
		if len(b.users) >= maxSeen {
			return
		}
		e = &lastSeen{}
		b.users[user] = e
	}
	e.at, e.noted, e.open = b.real.Truncate(b.step), b.real, true
}

// told is when a user was last seen, if the book has it.
func (b *seenBook) told(user string) *timestamppb.Timestamp {
	if e := b.users[user]; e != nil {
		return timestamppb.New(e.at)
	}
	return nil
}

// tend keeps what is due of those that mine names, and forgets what is over.
func (b *seenBook) tend(real time.Time, mine func(user string) bool) {
	select {
	case kept := <-b.outcome:
		b.ended(real, kept)
	default:
	}
	if real.Sub(b.tended) < seenTend {
		return
	}
	b.tended = real
	var due []*chatv1.Seen
	for user, e := range b.users {
		switch my := mine(user); {
		case e.open && my && len(due) < maxKept && real.Sub(e.kept) >= keepEvery:
			due = append(due, &chatv1.Seen{User: user, TimeMs: e.at.UnixMilli()})
		case real.Sub(e.noted) >= rememberSeen && (!e.open || !my):
			delete(b.users, user)
		}
	}
	if len(due) == 0 || b.keeping != nil {
		return
	}
	b.keeping = due
	b.archive.keep(due, func(kept bool) { b.outcome <- kept })
}

// last keeps all that is left, before the replica stops.
func (b *seenBook) last(mine func(user string) bool) {
	var left []*chatv1.Seen
	for user, e := range b.users {
		if e.open && mine(user) {
			left = append(left, &chatv1.Seen{User: user, TimeMs: e.at.UnixMilli()})
		}
	}
	for part := range slices.Chunk(left, maxKept) {
		b.archive.keep(part, func(bool) {})
	}
}

// ended notes what became of what was to be kept.
func (b *seenBook) ended(real time.Time, kept bool) {
	for _, s := range b.keeping {
		if e := b.users[s.GetUser()]; e != nil && kept {
			e.kept = real
			e.open = e.at.UnixMilli() != s.GetTimeMs()
		}
	}
	b.keeping = nil
}

// complete adds to those who are offline when they were last seen, then goes
// on: at once, or when history has told.
func (b *seenBook) complete(users []*clientv1.ServerFrame_UserPresence, then func()) {
	var unknown []string
	for _, u := range users {
		if u.GetState() == clientv1.PresenceState_OFFLINE && u.LastSeen == nil {
			unknown = append(unknown, u.GetUser())
		}
	}
	if len(unknown) == 0 || b.step == 0 {
		then()
		return
	}
	step := b.step
	b.archive.lastSeen(unknown, func(seen []*chatv1.Seen) {
		for _, u := range users {
			i := slices.IndexFunc(seen, func(s *chatv1.Seen) bool { return s.GetUser() == u.GetUser() })
			if i >= 0 && u.GetState() == clientv1.PresenceState_OFFLINE && u.LastSeen == nil {
				u.LastSeen = timestamppb.New(time.UnixMilli(seen[i].GetTimeMs()).Truncate(step))
			}
		}
		then()
	})
}
