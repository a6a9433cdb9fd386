package presence

import (
	"slices"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// lateEvery is how often gateways are looked for that do not know what a user
// said last. Who is late twice in a row has missed it.
const lateEvery = time.Second

// lateness finds gateways that missed a user's status. Only the loop touches
// it.
type lateness struct {
	looked time.Time
	before []string
}

// tend has those told what they missed.
func (l *lateness) tend(now time.Time, r *replica) {
	if !r.owning || now.Sub(l.looked) < lateEvery {
		return
	}
	l.looked = now
	late := r.fold.Late()
	for _, user := range late {
		if _, again := slices.BinarySearch(l.before, user); again && r.minds(user) {
			s := r.fold.Status(user)
			r.publish(subject.Notices(user), "", &chatv1.Notice{User: user, Notice: &chatv1.Notice_Status{Status: &chatv1.NoticeStatus{
				State: uint32(s.GetState()), Text: s.GetText(), StatusMs: s.GetStatusMs(), TextUntilMs: s.GetTextUntilMs(),
			}}})
		}
	}
	l.before = late
}
