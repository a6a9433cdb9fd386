package room

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Open tells whether anyone may see a room of this kind.
func Open(kind chatv1.RoomKind) bool {
	return kind == chatv1.RoomKind_PUBLIC || kind == chatv1.RoomKind_BROADCAST
}

// MayRead tells whether a user may see the room and read in it: members may,
// and where the room is open, everybody.
func (s *State) MayRead(user string) bool {
	if !s.Exists() {
		return false
	}
	return Open(s.Kind) || s.Members[user] != nil
}

// CheckRead refuses a reader who may not see the room.
func (s *State) CheckRead(user string) *chatv1.Refusal {
	if s.MayRead(user) {
		return nil
	}
	return NotFound()
}

// checkWrite refuses an author who may not post now.
func (s *State) checkWrite(by *chatv1.Actor) *chatv1.Refusal {
	if s.Archived {
		return refuse(chatv1.ErrorCode_FORBIDDEN, "the room is archived: it can be read, not written")
	}
	if by.GetAdmin() {
		return nil
	}
	m := s.Members[by.GetUser()]
	switch {
	case m == nil:
		return refuse(chatv1.ErrorCode_FORBIDDEN, "join the room before you write in it")
	case m.Role == chatv1.Role_READER:
		return refuse(chatv1.ErrorCode_FORBIDDEN, "you may read in this room, not write")
	case s.Kind == chatv1.RoomKind_BROADCAST && m.Role != chatv1.Role_OWNER && m.Role != chatv1.Role_MODERATOR:
		return refuse(chatv1.ErrorCode_FORBIDDEN, "only owners and moderators write in a broadcast room")
	}
	return nil
}
