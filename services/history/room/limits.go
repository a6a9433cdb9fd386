package room

// Limits bound what a room takes. A limit of 0 means none, except for Text.
type Limits struct {
	// Text is the most bytes of a message.
	Text int
	// Data is the most bytes of a message's attributes, as JSON.
	Data int
	// Members is the most members of one room; watchers are not counted.
	Members int
	// Reactions is the most kinds of reaction on one message.
	Reactions int
	// Invited is the most users that createRoom takes.
	Invited int
}

// DefaultLimits are those of the protocol.
func DefaultLimits() Limits {
	return Limits{Text: 16 << 10, Data: 4 << 10, Members: 10_000, Reactions: 20, Invited: 100}
}

const (
	maxName        = 128
	maxTopic       = 1 << 10
	maxUser        = 128
	maxClientMsgID = 64
	maxRoom        = 64
	maxReason      = 1 << 10
	maxEmoji       = 64
	maxSlowMode    = 21_600 // seconds
)
