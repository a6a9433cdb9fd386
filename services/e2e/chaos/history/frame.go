package history

// Frame is what the checks read of a frame of the server's.
type Frame struct {
	Re       uint32    `json:"re,omitempty"`
	Welcome  *Welcome  `json:"welcome,omitempty"`
	Ack      *Ack      `json:"ack,omitempty"`
	OK       *struct{} `json:"ok,omitempty"`
	Error    *Refusal  `json:"error,omitempty"`
	Event    *Event    `json:"event,omitempty"`
	Room     *View     `json:"room,omitempty"`
	Gone     *Gone     `json:"gone,omitempty"`
	ReadMark *Mark     `json:"readMark,omitempty"`
	Presence *Presence `json:"presenceChange,omitempty"`
	Page     *Page     `json:"page,omitempty"`
}

// Welcome answers hello.
type Welcome struct {
	Session string `json:"session"`
	Epoch   string `json:"epoch"`
	Rooms   []View `json:"rooms"`
}

// View of a room that becomes live.
type View struct {
	Room    string `json:"room"`
	Kind    string `json:"kind"`
	Role    string `json:"role"`
	Head    uint32 `json:"head"`
	ReadSeq uint32 `json:"readSeq"`
	Resume  string `json:"resume"`
}

// Member tells whether the view says that the user is in the room.
func (v *View) Member() bool { return v.Role != "" && v.Role != "ROLE_UNSPECIFIED" }

// Ack of a change.
type Ack struct {
	Room       string `json:"room"`
	Seq        uint32 `json:"seq"`
	Duplicate  bool   `json:"duplicate,omitempty"`
	Durability string `json:"durability,omitempty"`
}

// Refusal is an error frame.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Gone ends a room on a connection.
type Gone struct {
	Room   string `json:"room"`
	Reason string `json:"reason"`
}

// Mark says how far a user has read.
type Mark struct {
	Room string `json:"room"`
	User string `json:"user"`
	Seq  uint32 `json:"seq"`
}

// Presence says who is here.
type Presence struct {
	Room    string  `json:"room"`
	Changes []State `json:"changes"`
	Online  uint32  `json:"online"`
}

// State of one user.
type State struct {
	User  string `json:"user"`
	State string `json:"state"`
}

// Page of messages.
type Page struct {
	Room     string    `json:"room"`
	Messages []Message `json:"messages"`
}

// Message as it stands.
type Message struct {
	Seq         uint32     `json:"seq"`
	User        string     `json:"user"`
	Text        string     `json:"text"`
	ClientMsgID string     `json:"clientMsgId,omitempty"`
	Version     uint32     `json:"version"`
	Deleted     bool       `json:"deleted,omitempty"`
	ReplyTo     *uint32    `json:"replyTo,omitempty"`
	Reactions   []Reaction `json:"reactions,omitempty"`
}

// Reaction is one kind of reaction on a message.
type Reaction struct {
	Emoji string `json:"emoji"`
	Count uint32 `json:"count"`
}
