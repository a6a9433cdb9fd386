// Package rooms holds the commands about rooms and who is in them.
package rooms

import "github.com/natter-chat/natter/services/natterctl/member"

// Commands are natterctl's commands about rooms.
type Commands struct {
	List    List        `cmd:"" help:"List all rooms by id, private ones too."`
	Get     Get         `cmd:"" help:"Tell all about one room."`
	Create  Create      `cmd:"" help:"Make a room, for an owner or without one."`
	Update  Update      `cmd:"" help:"Change a room's name, topic or slow mode, or archive it."`
	Delete  Delete      `cmd:"" help:"Close a room for ever."`
	Members member.List `cmd:"" help:"List a room's members by user id; the same as member list."`

	Retention Retention `cmd:"" help:"Say how long a room keeps its messages; what is over that is taken away for good."`
}
