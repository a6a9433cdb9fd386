// Package user holds the commands about what holds for a user as a whole.
package user

// Commands are natterctl's commands about users.
type Commands struct {
	Rooms      Rooms      `cmd:"" help:"List the rooms that a user is a member of."`
	Revoke     Revoke     `cmd:"" help:"Make a user's older tokens void, and close their sessions."`
	Disconnect Disconnect `cmd:"" help:"Close a user's sessions on all gateways; it is no ban."`
	Erase      Erase      `cmd:"" help:"Take away all that a user said and all that is kept of them."`
}
