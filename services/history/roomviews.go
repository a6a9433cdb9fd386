package history

import (
	"context"

	"golang.org/x/sync/errgroup"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// countsAtOnce is how many rooms of a list are counted at a time, so that a
// long list leaves the store to others, too.
const countsAtOnce = 2

// asSeen fills in what a list's rooms are to one user who is a member of them:
// what is unread, and what a direct room is called.
func (s *Service) asSeen(ctx context.Context, user string, views []*chatv1.RoomView) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(countsAtOnce)
	for _, v := range views {
		if v.GetRole() == chatv1.Role_ROLE_UNSPECIFIED {
			continue
		}
		group.Go(func() error {
			if err := s.nameDirect(ctx, user, v); err != nil {
				return err
			}
			if v.GetLast().GetSeq() <= v.GetReadSeq() {
				return nil
			}
			unread, mentions, err := s.store.Unread(ctx, v.GetRoom(), user, v.GetReadSeq(), v.GetHead())
			v.Unread, v.Mentions = uint32(unread), uint32(mentions)
			return err
		})
	}
	return group.Wait()
}

// nameDirect calls a direct room by whom it is with.
func (s *Service) nameDirect(ctx context.Context, user string, v *chatv1.RoomView) error {
	if v.GetKind() != chatv1.RoomKind_DIRECT {
		return nil
	}
	members, err := s.store.Members(ctx, v.GetRoom(), "", 2)
	for _, m := range members {
		if m.GetUser() != user {
			v.Name = m.GetName()
		}
	}
	return err
}
