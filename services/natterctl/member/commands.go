// Package member holds the commands about who is in a room, and who may not be.
package member

// Commands are natterctl's commands about the members of rooms.
type Commands struct {
	List   List   `cmd:"" help:"List a room's members by user id."`
	Add    Add    `cmd:"" help:"Make users members."`
	Remove Remove `cmd:"" aliases:"kick" help:"End a membership; the user may come back."`
	Role   Role   `cmd:"" help:"Give a member another role."`
	Ban    Ban    `cmd:"" help:"End a membership and keep the user out."`
	Unban  Unban  `cmd:"" help:"Let a user come back."`
	Bans   Bans   `cmd:"" help:"List who is banned from a room now."`
	Mute   Mute   `cmd:"" help:"Keep a user from writing in a room."`
	Unmute Unmute `cmd:"" help:"Let a user write again."`
	Mutes  Mutes  `cmd:"" help:"List who is muted in a room now."`
}
