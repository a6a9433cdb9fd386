package gateway

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// askPresence tells a member who is here; in a crowded room, how many, and of
// those whom the session was shown.
func (s *session) askPresence(re uint32, room string) {
	s.query(re, "presence", func(ctx context.Context) (*clientv1.ServerFrame, error) {
		if err := s.mayLook(ctx, room); err != nil {
			return nil, err
		}
		changes, err := s.gateway.presenceOf(ctx, room, nil, false)
		if err != nil {
			return nil, errUnavailable
		}
		return presenceFrame(room, s.visible(room, changes.GetChanges()), changes.GetOnline()), nil
	})
}

// visible are those of the users of whom a member is told by name.
func (s *session) visible(room string, users []*userPresence) []*userPresence {
	seat, refused := s.memberSeat(room)
	if refused != nil {
		return users
	}
	f := seat.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.members <= countsAbove {
		return users
	}
	return seat.listed.of(users)
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
