package gateway

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// setStatus sets the user's presence, on all their sessions here.
func (s *session) setStatus(re uint32, r *clientv1.ClientFrame_Status) {
	said := status{state: r.GetState(), text: r.GetText()}
	own := presenceFrame("", []*userPresence{{User: s.user.id, State: said.state, Text: present(said.text)}}, 0)
	for _, other := range s.gateway.users.setStatus(s.user, said) {
		s.gateway.reporter.changed(other, said)
		if other != s {
			other.say(own)
		}
	}
	s.ok(re)
}

// askPresence tells a member who is here.
func (s *session) askPresence(re uint32, room string) {
	s.query(re, func(ctx context.Context) (*clientv1.ServerFrame, error) {
		if err := s.mayLook(ctx, room); err != nil {
			return nil, err
		}
		changes, err := s.gateway.presenceOf(ctx, room)
		if err != nil {
			return nil, errUnavailable
		}
		return presenceFrame(room, changes.GetChanges(), changes.GetOnline()), nil
	})
}

// mayLook tells whether the user is a member of a room. Nobody else learns who
// is here.
func (s *session) mayLook(ctx context.Context, room string) error {
	if _, refused := s.memberSeat(room); refused == nil {
		return nil
	}
	view, err := s.gateway.view(ctx, s.user.id, room, nil)
	if err != nil {
		return err
	}
	if view.GetView().GetRole() == chatv1.Role_ROLE_UNSPECIFIED {
		return &refused{fieldRefusal(chatv1.ErrorCode_FORBIDDEN, "room", "only members see who is here; join the room first")}
	}
	return nil
}

// statesIn tells how the members of a room may be reached, as far as the
// session may know.
func (s *session) statesIn(room string) func(user string) clientv1.PresenceState {
	here := map[string]clientv1.PresenceState{}
	if seat := s.seatOf(room); seat != nil {
		seat.feed.mu.Lock()
		if seat.member() && seat.feed.fold != nil {
			for user, p := range seat.feed.fold.here {
				here[user] = p.GetState()
			}
		}
		seat.feed.mu.Unlock()
	}
	return func(user string) clientv1.PresenceState {
		if state, ok := here[user]; ok {
			return state
		}
		return clientv1.PresenceState_OFFLINE
	}
}
