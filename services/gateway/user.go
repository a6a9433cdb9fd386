package gateway

import (
	"slices"
	"sync"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// user is somebody with sessions here.
type user struct {
	id string

	// Guarded by the table's lock.
	sessions []*session
	notices  *subscription
	status   status
}

// status is what a user said of their presence, for all devices.
type status struct {
	state clientv1.PresenceState // unspecified: nothing was said
	text  string
}

// users is the table of who is connected here.
type users struct {
	gateway *Gateway
	most    int // sessions of one user; 0: no limit

	mu   sync.Mutex
	byID map[string]*user
}

// join adds a session to a user's; ok is false where there are too many. The
// notices to the user come from then on at the latest.
func (t *users) join(id string, s *session) (u *user, ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u = t.byID[id]
	if u == nil {
		u = &user{id: id}
		if u.notices, err = t.gateway.dispatcher.subscribe(subject.Notices(id), id, t.gateway.onNotice); err != nil {
			return nil, false, err
		}
		t.byID[id] = u
	}
	if t.most > 0 && len(u.sessions) >= t.most {
		return nil, false, nil
	}
	u.sessions = append(u.sessions, s)
	return u, true, nil
}

// leave takes a session from a user's.
func (t *users) leave(u *user, s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u.sessions = slices.DeleteFunc(u.sessions, func(other *session) bool { return other == s })
	if len(u.sessions) == 0 && t.byID[u.id] == u {
		delete(t.byID, u.id)
		u.notices.close()
	}
}

// sessions of a user, at this moment.
func (t *users) sessions(id string) []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	if u := t.byID[id]; u != nil {
		return slices.Clone(u.sessions)
	}
	return nil
}

// begin is the presence that a new session of the user begins with: what its
// hello says, or what was said last, or ONLINE.
func (t *users) begin(u *user, said *clientv1.PresenceState) status {
	t.mu.Lock()
	defer t.mu.Unlock()
	begin := u.status
	if said != nil {
		begin.state = *said
	}
	if begin.state == clientv1.PresenceState_PRESENCE_STATE_UNSPECIFIED {
		begin.state = clientv1.PresenceState_ONLINE
	}
	return begin
}

// setStatus keeps what a user said of their presence, and returns the sessions
// that it holds for.
func (t *users) setStatus(u *user, s status) []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	u.status = s
	return slices.Clone(u.sessions)
}
