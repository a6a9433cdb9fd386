// Package presence holds the commands about who is here.
package presence

// Commands are natterctl's commands about presence.
type Commands struct {
	Room  Room  `cmd:"" help:"Tell who is here in a room."`
	Users Users `cmd:"" help:"Tell how users may be reached."`
	Watch Watch `cmd:"" help:"Tell who is here in a room, and what changes, until stopped."`
}
