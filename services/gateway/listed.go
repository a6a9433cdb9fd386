package gateway

import (
	"context"
	"slices"

	"google.golang.org/protobuf/types/known/timestamppb"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

const (
	// listedPerSeat is how many members whom a session was last shown it is told
	// of in a big room.
	listedPerSeat = 200
	// wantedPerRoom is how many of them one gateway asks for.
	wantedPerRoom = 1000
)

// listed are the members whom a session was last shown, the latest last.
type listed []string

// add puts users at the end; the first go when there are too many.
func (l listed) add(users []string) listed {
	l = slices.DeleteFunc(slices.Clone(l), func(user string) bool { return slices.Contains(users, user) })
	l = append(l, users...)
	return l[max(0, len(l)-listedPerSeat):]
}

// of are those of the users who were shown.
func (l listed) of(users []*userPresence) []*userPresence {
	return slices.DeleteFunc(slices.Clone(users), func(u *userPresence) bool { return !slices.Contains(l, u.GetUser()) })
}

// listed are all whom the room's sessions here were shown. The feed is locked.
func (f *feed) listed() []string {
	var all []string
	for _, s := range f.seats {
		if s.member() {
			all = append(all, s.listed...)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), wantedPerRoom)]
}

// wanted are those of whom presence has to be asked: in a big room, whom the
// sessions here were shown.
func (f *feed) wanted() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fold == nil || !f.fold.big() {
		return nil
	}
	return f.listed()
}

// showMembers tells how members may be reached, or when they were last seen, as
// far as the session may know; from now on their changes are told to it in a
// big room, too.
func (s *session) showMembers(ctx context.Context, room string, members []*clientv1.ServerFrame_Member) {
	for _, m := range members {
		m.State = clientv1.PresenceState_OFFLINE
	}
	seat, refused := s.memberSeat(room)
	if refused != nil || len(members) == 0 {
		return
	}
	users := make([]string, len(members))
	for i, m := range members {
		users[i] = m.GetUser()
	}
	here := seat.show(users)
	reply, err := s.gateway.presenceOf(ctx, room, here.ask, here.follow)
	if err == nil {
		for _, u := range reply.GetChanges() {
			here.states[u.GetUser()], here.seen[u.GetUser()] = u.GetState(), u.GetLastSeen()
		}
	}
	for _, m := range members {
		if state := here.states[m.GetUser()]; state != clientv1.PresenceState_PRESENCE_STATE_UNSPECIFIED {
			m.State = state
		}
		if m.GetState() == clientv1.PresenceState_OFFLINE {
			m.LastSeen = here.seen[m.GetUser()]
		}
	}
	if err == nil {
		seat.feed.answered(reply)
	}
}

// shown is what a feed knows of members, and of whom to ask.
type shown struct {
	states map[string]clientv1.PresenceState
	seen   map[string]*timestamppb.Timestamp
	ask    []string
	follow bool
}

// show notes whom the session is shown.
func (s *seat) show(users []string) shown {
	f := s.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	s.listed = s.listed.add(users)
	known := shown{states: map[string]clientv1.PresenceState{}, seen: map[string]*timestamppb.Timestamp{}, ask: users}
	if f.fold == nil {
		return known
	}
	for _, user := range users {
		if u := f.fold.here[user]; u != nil {
			known.states[user] = u.GetState()
		}
	}
	if f.fold.big() {
		known.follow = true
		known.ask = slices.Compact(slices.Sorted(slices.Values(append(f.listed(), users...))))
	}
	return known
}
