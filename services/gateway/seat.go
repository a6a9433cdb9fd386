package gateway

import (
	"math"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// paused is a seat's position while it is being brought up to date: live
// events are not for it.
const paused = math.MaxUint32

// seat is one session in one feed: one room that is live on one connection.
// It belongs to the feed and is guarded by its lock.
type seat struct {
	session *session
	feed    *feed
	index   int // in the feed's seats
	// from: events up to here are not for it; it has them, or never will.
	from uint32
	// viewed is where the session's standing in the room was looked at; changes
	// of it up to there are known.
	viewed uint32
	// role in the room; unspecified for a watcher.
	role chatv1.Role
	// behind: a change of presence was shed, so the next one has to be whole.
	behind bool
	// typed and signals bound what the session passes on; touched by its reader
	// alone.
	typed int64 // nanoseconds of the gateway's clock
	read  readMark
}

func (s *seat) member() bool { return s.role != chatv1.Role_ROLE_UNSPECIFIED }
