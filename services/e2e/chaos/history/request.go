package history

// Request is what the checks read of a client's frame.
type Request struct {
	ID         uint32      `json:"id"`
	Hello      *Hello      `json:"hello,omitempty"`
	Send       *Send       `json:"send,omitempty"`
	Edit       *Edit       `json:"edit,omitempty"`
	Delete     *About      `json:"delete,omitempty"`
	React      *React      `json:"react,omitempty"`
	Read       *About      `json:"read,omitempty"`
	CreateRoom *CreateRoom `json:"createRoom,omitempty"`
	Join       *About      `json:"join,omitempty"`
	Leave      *About      `json:"leave,omitempty"`
	Invite     *Person     `json:"invite,omitempty"`
	Kick       *Person     `json:"kick,omitempty"`
	SetRole    *Person     `json:"setRole,omitempty"`
	Watch      *Watch      `json:"watch,omitempty"`
	Messages   *About      `json:"messages,omitempty"`
	Presence   *About      `json:"presence,omitempty"`
}

// Hello begins a session.
type Hello struct {
	Epoch  string     `json:"epoch,omitempty"`
	Resume []Position `json:"resume,omitempty"`
}

// Position that a client has of a room.
type Position struct {
	Room string `json:"room"`
	Seq  uint32 `json:"seq"`
}

// Send of a message.
type Send struct {
	Room        string  `json:"room"`
	ClientMsgID string  `json:"clientMsgId"`
	Text        string  `json:"text"`
	ReplyTo     *uint32 `json:"replyTo,omitempty"`
	Attempt     uint32  `json:"attempt,omitempty"`
}

// Edit of a message.
type Edit struct {
	Room string `json:"room"`
	Seq  uint32 `json:"seq"`
	Text string `json:"text"`
}

// React adds or takes back a reaction.
type React struct {
	Room   string `json:"room"`
	Seq    uint32 `json:"seq"`
	Emoji  string `json:"emoji"`
	Remove bool   `json:"remove,omitempty"`
}

// About is a request that names a room, and perhaps a seq.
type About struct {
	Room string `json:"room"`
	Seq  uint32 `json:"seq,omitempty"`
}

// Watch of a room, from a seq or from its head.
type Watch struct {
	Room string  `json:"room"`
	Seq  *uint32 `json:"seq,omitempty"`
}

// Person is a request about a member.
type Person struct {
	Room string `json:"room"`
	User string `json:"user"`
	Role string `json:"role,omitempty"`
}

// CreateRoom makes a room of an id.
type CreateRoom struct {
	Room    string   `json:"room"`
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Members []string `json:"members,omitempty"`
}
