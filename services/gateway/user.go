package gateway

import (
	"maps"
	"slices"
	"sync"

	"github.com/natter-chat/natter/proto/subject"
)

// user is somebody with sessions here.
type user struct {
	id     string
	limits userLimits

	// Guarded by the table's lock.
	sessions []*session
	notices  *subscription // nil where those to all users come
	revoked  int64         // tokens issued before this time are void, Unix ms
	// said is what the user said of themselves, here or elsewhere; known: it is
	// certain that they said nothing later before their first session here.
	said  status
	known bool
}

// users is the table of who is connected here.
type users struct {
	gateway *Gateway
	most    int // sessions of one user; 0: no limit

	mu     sync.Mutex
	byID   map[string]*user
	asking map[string]*statusAsk // by user
}

// join adds a session to a user's; ok is false where there are too many. The
// notices to the user come from then on at the latest.
func (t *users) join(id string, s *session) (u *user, ok bool, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u = t.byID[id]
	if u == nil {
		u = &user{id: id}
		if !t.gateway.hearsAll() {
			if u.notices, err = t.gateway.dispatcher.subscribe(subject.Notices(id), id, t.gateway.onNotice); err != nil {
				return nil, false, err
			}
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
		if u.notices != nil {
			u.notices.close()
		}
	}
}

// revoke makes older tokens of a user void, and returns the user's sessions.
func (t *users) revoke(id string, before int64) []*session {
	t.mu.Lock()
	defer t.mu.Unlock()
	u := t.byID[id]
	if u == nil {
		return nil
	}
	u.revoked = max(u.revoked, before)
	return slices.Clone(u.sessions)
}

// revokedBefore is the time before which a user's tokens are void, as far as
// it is known here.
func (t *users) revokedBefore(u *user) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return u.revoked
}

// ids of all users, at this moment.
func (t *users) ids() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Collect(maps.Keys(t.byID))
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
