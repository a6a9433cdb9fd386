package gateway

import (
	"math"
	"slices"

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
	// muted: the user may not write before this time, Unix milliseconds.
	muted int64
	// behind: a change of presence was shed, so the next one has to be whole;
	// blank: nothing was told yet.
	behind, blank bool
	listed        listed
	// typed and signals bound what the session passes on; touched by its reader
	// alone.
	typed int64 // nanoseconds of the gateway's clock
	read  readMark
}

func (s *seat) member() bool { return s.role != chatv1.Role_ROLE_UNSPECIFIED }

// errTooManyRooms says that a session may not have one more live room.
var errTooManyRooms = &refused{fieldRefusal(chatv1.ErrorCode_TOO_LARGE, "room", "as many rooms are live on this connection as may be; unwatch one first")}

// sit is the session's seat in a feed, a new one if need be. The feed is
// locked.
func (s *session) sit(f *feed) (*seat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended.Load() {
		return nil, errEnded
	}
	if seat := s.find(func(seat *seat) bool { return seat.feed == f }); seat != nil {
		return seat, nil
	}
	if s.full() {
		return nil, errTooManyRooms
	}
	seat := &seat{session: s, feed: f, from: paused, index: len(f.seats)}
	f.seats = append(f.seats, seat)
	s.seats = append(s.seats, seat)
	return seat, nil
}

// stand forgets a seat. The feed is locked.
func (s *session) stand(gone *seat) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seats = slices.DeleteFunc(s.seats, func(seat *seat) bool { return seat == gone })
}

// seatIn is the session's seat in a feed, or nil.
func (s *session) seatIn(f *feed) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(func(seat *seat) bool { return seat.feed == f })
}

// seatOf is the session's seat in a room, or nil.
func (s *session) seatOf(room string) *seat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.find(func(seat *seat) bool { return seat.feed.room == room })
}

func (s *session) find(is func(*seat) bool) *seat {
	for _, seat := range s.seats {
		if is(seat) {
			return seat
		}
	}
	return nil
}

// full tells whether no further room may be live.
func (s *session) full() bool {
	most := s.gateway.cfg.LiveRooms
	return most > 0 && len(s.seats) >= most
}

// hasRoomFor tells whether a room is live on the session, or may be.
func (s *session) hasRoomFor(room string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.full() || s.find(func(seat *seat) bool { return seat.feed.room == room }) != nil
}
