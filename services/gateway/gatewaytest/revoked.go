package gatewaytest

import (
	"strconv"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// Revoke makes a user's tokens void that were issued before a time, Unix ms.
func (w *Town) Revoke(user string, before int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revocations = append(w.revocations, &chatv1.Revocation{User: user, BeforeMs: before, Revision: uint64(len(w.revocations)) + 1})
	if !w.faults.SilentRevocations {
		to := "$KV." + subject.BucketRevoked + "." + subject.RevokedUser(user)
		_ = w.nc.Publish(to, strconv.AppendInt(nil, before, 10))
	}
}

func (w *Town) revokedBefore(user string) (before int64) {
	for _, r := range w.revocations {
		if r.GetUser() == user {
			before = max(before, r.GetBeforeMs())
		}
	}
	return before
}

func (w *Town) revocationsAfter(q *chatv1.AskRevocations) *chatv1.Revocations {
	reply := &chatv1.Revocations{Revision: q.GetAfter()}
	for _, r := range w.revocations {
		if r.GetRevision() > q.GetAfter() && (q.GetUser() == "" || q.GetUser() == r.GetUser()) && len(reply.Revocations) < 1000 {
			reply.Revocations = append(reply.Revocations, r)
			reply.Revision = r.GetRevision()
		}
	}
	return reply
}
