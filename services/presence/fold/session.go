package fold

import (
	"slices"
	"time"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// session is one socket, as its gateway describes it.
type session struct {
	id       string
	origin   *origin
	user     *user
	state    clientv1.PresenceState
	text     string
	statusMS int64
	said     clientv1.PresenceState
	untilMS  int64
	rooms    []*room
	// until is when an ended session stops counting; zero: it has not ended.
	until time.Time
}

// ending is a session that ended, and when it stops counting.
type ending struct {
	session *session
	until   time.Time
}

func (s *session) live() bool { return s.until.IsZero() && s.origin.alive() }

// change folds one change. Each says how things are: to fold it twice, or
// together with a whole that contains it, does no harm.
func (f *Fold) change(now time.Time, o *origin, c *presencev1.Change) {
	switch c := c.GetChange().(type) {
	case *presencev1.Change_Session:
		f.set(o, c.Session)
	case *presencev1.Change_Ended:
		if s := o.sessions[c.Ended]; s != nil {
			f.end(now, s)
		}
	case *presencev1.Change_Rooms:
		if s := o.sessions[c.Rooms.GetSession()]; s != nil {
			f.enter(s, c.Rooms.GetEntered())
			f.leave(s, c.Rooms.GetLeft())
		}
	}
}

// set makes a session what its gateway says it is.
func (f *Fold) set(o *origin, m *presencev1.Session) {
	if m.GetSession() == "" || m.GetUser() == "" {
		return
	}
	s := o.sessions[m.GetSession()]
	if s != nil && s.user.id != m.GetUser() {
		f.remove(s)
		s = nil
	}
	if s == nil {
		s = f.add(o, m.GetSession(), m.GetUser())
	}
	s.until = time.Time{}
	s.state, s.text, s.statusMS, s.untilMS = m.GetState(), m.GetText(), m.GetStatusMs(), m.GetTextUntilMs()
	s.said = m.GetSaid()
	f.refresh(s.user)
	f.enter(s, m.GetRooms())
	f.leave(s, s.besides(m.GetRooms()))
}

func (f *Fold) add(o *origin, id, userID string) *session {
	u := f.users[userID]
	if u == nil {
		u = &user{id: userID}
		f.users[userID] = u
	}
	s := &session{id: id, origin: o, user: u}
	u.sessions = append(u.sessions, s)
	if o.sessions == nil {
		o.sessions = make(map[string]*session)
	}
	o.sessions[id] = s
	f.sessions++
	return s
}

// besides are the session's rooms that are not among those listed.
func (s *session) besides(listed []string) []string {
	var others []string
	for _, r := range s.rooms {
		if !slices.Contains(listed, r.id) {
			others = append(others, r.id)
		}
	}
	return others
}

// enter puts the session into rooms.
func (f *Fold) enter(s *session, ids []string) {
	for _, id := range ids {
		if slices.ContainsFunc(s.rooms, func(r *room) bool { return r.id == id }) {
			continue
		}
		r := f.room(id)
		s.rooms = append(s.rooms, r)
		f.seat(s.user, r)
	}
}

// leave takes the session out of rooms, and with it the user's sessions that
// only wait for the end of their grace: they cannot hear that the user left.
func (f *Fold) leave(s *session, ids []string) {
	for _, id := range ids {
		for _, other := range s.user.sessions {
			if other == s || !other.live() {
				f.leaveRoom(other, id)
			}
		}
	}
}

func (f *Fold) leaveRoom(s *session, id string) {
	i := slices.IndexFunc(s.rooms, func(r *room) bool { return r.id == id })
	if i < 0 {
		return
	}
	r := s.rooms[i]
	s.rooms = slices.Delete(s.rooms, i, i+1)
	f.unseat(s.user, r)
}

// end lets the session count for a little longer, so that a reload is not
// seen.
func (f *Fold) end(now time.Time, s *session) {
	if !s.until.IsZero() {
		return
	}
	s.until = now.Add(f.cfg.Ended)
	f.ended = append(f.ended, ending{session: s, until: s.until})
	f.refresh(s.user)
}

// removeEnded removes the sessions whose time is over. One that came back
// meanwhile has another end, or none.
func (f *Fold) removeEnded(now time.Time) {
	n := 0
	for ; n < len(f.ended) && !now.Before(f.ended[n].until); n++ {
		e := f.ended[n]
		if s := e.session; s.origin.sessions[s.id] == s && s.until.Equal(e.until) {
			f.remove(s)
		}
	}
	f.ended = slices.Delete(f.ended, 0, n)
}

// remove forgets the session; with its last session the user is not here.
func (f *Fold) remove(s *session) {
	u := s.user
	delete(s.origin.sessions, s.id)
	i := slices.Index(u.sessions, s)
	u.sessions = slices.Delete(u.sessions, i, i+1)
	f.sessions--
	f.refresh(u)
	for _, r := range s.rooms {
		f.unseat(u, r)
	}
	s.rooms = nil
	if len(u.sessions) == 0 {
		delete(f.users, u.id)
	}
}
