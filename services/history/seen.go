package history

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// maxSeen is how many users one question about last seen may name.
const maxSeen = 1000

// seenReply answers presence's questions about when users were last seen.
func (s *Service) seenReply(ask *chatv1.HistoryAsk, reply *chatv1.HistoryAskReply) {
	users, seen := ask.GetSeen().GetUsers(), ask.GetKeepSeen().GetSeen()
	if len(users) > maxSeen || len(seen) > maxSeen {
		reply.Refusal = badRequest("a question about last seen names at most 1000 users; ask for the others in another")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
	defer cancel()
	err := s.store.KeepSeen(ctx, seen)
	list := &chatv1.SeenList{}
	if err == nil {
		list.Seen, err = s.store.Seen(ctx, users)
	}
	if err != nil {
		s.log.Warn("when users were last seen", "error", err)
		reply.Refusal = archiveAway()
		return
	}
	reply.Answer = &chatv1.HistoryAskReply_Seen{Seen: list}
}
