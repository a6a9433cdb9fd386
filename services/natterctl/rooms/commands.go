// Package rooms holds the commands about rooms and who is in them.
package rooms

// Commands are natterctl's commands about rooms.
type Commands struct {
	List    List    `cmd:"" help:"List all rooms by name, private ones too."`
	Get     Get     `cmd:"" help:"Tell all about one room."`
	Create  Create  `cmd:"" help:"Make a room, for an owner or without one."`
	Members Members `cmd:"" help:"List a room's members by user id."`
}
