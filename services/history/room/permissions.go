package room

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// action is something that not everybody may do in every room.
type action int

const (
	write        action = iota // send, edit and delete one's own
	reactTo                    // add a reaction, or take it back
	invite                     // let somebody in
	deleteOthers               // take others' messages away
	kick                       // make somebody leave
	ban                        // and keep them out, or let them back in
	mute                       // keep somebody from writing, or let them
	update                     // name, topic, slow mode
	archive                    // make the room read-only, or writable again
	deleteRoom                 // close it for ever
	setRole                    // make somebody something else
	actions                    // how many there are
)

// permissions is who may do what: for each kind of room, the least role that
// may. Who is no member may do nothing of it. In a broadcast room the many only
// read and react; a direct room has no roles, and nobody to look after it.
var permissions = map[chatv1.RoomKind][actions]chatv1.Role{
	chatv1.RoomKind_PUBLIC: {
		write: member, reactTo: member, invite: member, deleteOthers: moderator, kick: moderator, ban: moderator,
		mute: moderator, update: moderator, archive: ownerOnly, deleteRoom: ownerOnly, setRole: ownerOnly,
	},
	chatv1.RoomKind_PRIVATE: {
		write: member, reactTo: member, invite: moderator, deleteOthers: moderator, kick: moderator, ban: moderator,
		mute: moderator, update: moderator, archive: ownerOnly, deleteRoom: ownerOnly, setRole: ownerOnly,
	},
	chatv1.RoomKind_BROADCAST: {
		write: moderator, reactTo: member, invite: moderator, deleteOthers: moderator, kick: moderator, ban: moderator,
		mute: moderator, update: moderator, archive: ownerOnly, deleteRoom: ownerOnly, setRole: ownerOnly,
	},
	chatv1.RoomKind_DIRECT: {
		write: member, reactTo: member,
	},
}

const (
	ownerOnly = chatv1.Role_OWNER
	moderator = chatv1.Role_MODERATOR
	member    = chatv1.Role_MEMBER
)

// slowModeFree is the least role that slow mode does not hold up.
const slowModeFree = moderator

// atLeast tells whether a role is as strong as another. The numbers fall with
// the strength; 0 is none.
func atLeast(role, least chatv1.Role) bool {
	return role != chatv1.Role_ROLE_UNSPECIFIED && least != chatv1.Role_ROLE_UNSPECIFIED && role <= least
}

// may tells whether a role may do something in a kind of room.
func may(kind chatv1.RoomKind, role chatv1.Role, a action) bool {
	return atLeast(role, permissions[kind][a])
}
