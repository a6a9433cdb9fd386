package room

import (
	"math"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// State is all that decisions in one room look at. The zero State with an id
// is a room that was never created.
type State struct {
	// ID is the room's id.
	ID string
	// Name, Kind, Topic and SlowMode (seconds) are the room's settings.
	Name     string
	Kind     chatv1.RoomKind
	Topic    string
	SlowMode uint32
	// Archived rooms take no messages; closed ones are deleted.
	Archived, Closed bool
	// Head is the seq of the last event; 0 before the room is created.
	Head uint32
	// TimeMs is the time of the last event, CreatedMs of the first (Unix ms).
	TimeMs, CreatedMs int64
	// CreatedBy is the user who made it.
	CreatedBy string
	// Members by user id.
	Members map[string]*Member
	// Last is the newest message, folded; nil where there is none.
	Last *chatv1.Message
	// Since is the seq before which the messages were trimmed; 0: none were.
	Since uint32
	// Retention is the room's own; nil: the server's.
	Retention *chatv1.Retention

	// Banned and Muted users, until when (Unix ms; Forever), and Sent, when users
	// last sent while slow mode was on. All of it outlives leaving.
	Banned, Muted, SlowSent map[string]int64

	sent     sentIDs
	messages messages
}

// Forever is the end of a ban or a mute without one.
const Forever = math.MaxInt64

// Member is one user's standing.
type Member struct {
	Name      string
	Role      chatv1.Role
	JoinedSeq uint32
	ReadSeq   uint32
}

// New is a room that was never created.
func New(id string) *State {
	return &State{ID: id, Members: map[string]*Member{}, Banned: map[string]int64{}, Muted: map[string]int64{}, SlowSent: map[string]int64{}}
}

// Exists tells whether the room was created and not deleted.
func (s *State) Exists() bool { return s.Head > 0 && !s.Closed }

// Room is the state as every API shows it.
func (s *State) Room() *chatv1.Room {
	return &chatv1.Room{
		Room: s.ID, Name: s.Name, Kind: s.Kind, Topic: s.Topic, Head: s.Head,
		MemberCount: uint32(len(s.Members)), SlowModeSeconds: s.SlowMode,
		Archived: s.Archived, Closed: s.Closed,
		CreatedAt: Time(s.CreatedMs), CreatedBy: s.CreatedBy, ActiveAt: Time(s.TimeMs),
		Since: s.Since, Retention: s.Retention,
	}
}

// View is the room as one user sees it, but for the counts of what is unread,
// which need the messages.
func (s *State) View(user string) *chatv1.RoomView {
	v := &chatv1.RoomView{
		Room: s.ID, Name: s.Name, Kind: s.Kind, Topic: s.Topic, Head: s.Head,
		MemberCount: uint32(len(s.Members)), SlowModeSeconds: s.SlowMode,
		Archived: s.Archived, Last: s.Last,
	}
	if s.Since > 0 {
		since := s.Since
		v.Since = &since
	}
	if m := s.Members[user]; m != nil {
		v.Role, v.ReadSeq = m.Role, m.ReadSeq
	}
	if s.Kind == chatv1.RoomKind_DIRECT {
		v.Name = s.nameOfOther(user)
	}
	return v
}

// nameOfOther is what a direct room is called: by whom it is with.
func (s *State) nameOfOther(user string) string {
	for id, m := range s.Members {
		if id != user {
			return m.Name
		}
	}
	return s.Name
}
