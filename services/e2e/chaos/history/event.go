package history

import "time"

// Event of a room, as frames have it and as the log has it.
type Event struct {
	Room        string    `json:"room"`
	Seq         uint32    `json:"seq"`
	Time        time.Time `json:"time"`
	User        string    `json:"user"`
	Name        string    `json:"name,omitempty"`
	ClientMsgID string    `json:"clientMsgId,omitempty"`
	Message     *Posted   `json:"message,omitempty"`
	Edited      *Edited   `json:"edited,omitempty"`
	Deleted     *Target   `json:"deleted,omitempty"`
	Reacted     *Reacted  `json:"reacted,omitempty"`
	Created     *Created  `json:"created,omitempty"`
	Updated     *struct{} `json:"updated,omitempty"`
	Joined      *Joined   `json:"joined,omitempty"`
	Left        *struct{} `json:"left,omitempty"`
	Removed     *Removed  `json:"removed,omitempty"`
	RoleSet     *RoleSet  `json:"roleSet,omitempty"`
	Closed      *struct{} `json:"closed,omitempty"`
}

// Posted is a message.
type Posted struct {
	Text    string  `json:"text"`
	ReplyTo *uint32 `json:"replyTo,omitempty"`
}

// Edited gives a message another text.
type Edited struct {
	Seq  uint32 `json:"seq"`
	Text string `json:"text"`
}

// Target is the message that a change is about.
type Target struct {
	Seq uint32 `json:"seq"`
}

// Reacted adds a reaction, or takes it back.
type Reacted struct {
	Seq     uint32 `json:"seq"`
	Emoji   string `json:"emoji"`
	Removed bool   `json:"removed"`
}

// Created is a room's first event.
type Created struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	// Members are the first ones; only the log has them.
	Members []Member `json:"members,omitempty"`
}

// Joined makes the event's user a member.
type Joined struct {
	Role string `json:"role"`
	By   string `json:"by,omitempty"`
}

// Removed makes a user leave.
type Removed struct {
	User   string `json:"user"`
	Banned bool   `json:"banned"`
}

// RoleSet gives a member another role.
type RoleSet struct {
	User string `json:"user"`
	Role string `json:"role"`
}

// Kind is the name of what changed; empty for what this package does not know.
func (e *Event) Kind() string {
	switch {
	case e.Message != nil:
		return "message"
	case e.Edited != nil:
		return "edited"
	case e.Deleted != nil:
		return "deleted"
	case e.Reacted != nil:
		return "reacted"
	case e.Created != nil:
		return "created"
	case e.Updated != nil:
		return "updated"
	case e.Joined != nil:
		return "joined"
	case e.Left != nil:
		return "left"
	case e.Removed != nil:
		return "removed"
	case e.RoleSet != nil:
		return "roleSet"
	case e.Closed != nil:
		return "closed"
	}
	return ""
}

// Goes is the user whose membership the event ends; empty if it ends none.
func (e *Event) Goes() string {
	switch {
	case e.Left != nil:
		return e.User
	case e.Removed != nil:
		return e.Removed.User
	}
	return ""
}
