// Package messages holds the commands about what was said.
package messages

// Commands are natterctl's commands about messages.
type Commands struct {
	List   List   `cmd:"" help:"List a room's messages, the newest if nothing else is asked for."`
	Post   Post   `cmd:"" help:"Send a message as any user."`
	Events Events `cmd:"" help:"Show a room's log: every event, by seq."`
	Search Search `cmd:"" help:"Find messages by their words, in all rooms, the newest first."`
	Delete Delete `cmd:"" help:"Take a message away for good, with its edits and reactions."`
}
