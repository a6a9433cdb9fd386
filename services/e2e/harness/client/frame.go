package client

import (
	"encoding/json"
	"fmt"
	"time"
)

// M is a JSON object to send.
type M = map[string]any

// Frame is one frame of the server's. Exactly one of the pointers is set.
type Frame struct {
	Re             uint32          `json:"re"`
	Welcome        *Welcome        `json:"welcome"`
	Ack            *Ack            `json:"ack"`
	OK             *struct{}       `json:"ok"`
	Pong           *struct{}       `json:"pong"`
	Error          *Error          `json:"error"`
	Event          *Event          `json:"event"`
	Room           *View           `json:"room"`
	Gone           *Gone           `json:"gone"`
	Typing         *Typing         `json:"typing"`
	ReadMark       *ReadMark       `json:"readMark"`
	PresenceChange *PresenceChange `json:"presenceChange"`
	Page           *Page           `json:"page"`
	RoomList       *RoomList       `json:"roomList"`
	MemberList     *MemberList     `json:"memberList"`
	Results        *Results        `json:"results"`
	Goaway         *Goaway         `json:"goaway"`
	Notice         *Notice         `json:"notice"`

	// Raw is the frame as it came.
	Raw json.RawMessage `json:"-"`
}

func (f Frame) String() string {
	const most = 600
	if len(f.Raw) > most {
		return fmt.Sprintf("%s… (%d bytes)", f.Raw[:most], len(f.Raw))
	}
	return string(f.Raw)
}

// Welcome answers hello.
type Welcome struct {
	Session string `json:"session"`
	User    struct {
		ID     string  `json:"id"`
		Name   string  `json:"name"`
		Avatar *string `json:"avatar"`
	} `json:"user"`
	Epoch      string            `json:"epoch"` // 64 bits: a string in canonical JSON
	Rooms      []View            `json:"rooms"`
	Limits     map[string]uint32 `json:"limits"`
	ServerTime time.Time         `json:"serverTime"`
}

// View of a room.
type View struct {
	Room            string   `json:"room"`
	Name            string   `json:"name"`
	Kind            string   `json:"kind"`
	Topic           string   `json:"topic"`
	Role            string   `json:"role"`
	Head            uint32   `json:"head"`
	ReadSeq         uint32   `json:"readSeq"`
	Unread          uint32   `json:"unread"`
	Mentions        uint32   `json:"mentions"`
	MemberCount     uint32   `json:"memberCount"`
	SlowModeSeconds uint32   `json:"slowModeSeconds"`
	Archived        bool     `json:"archived"`
	Last            *Message `json:"last"`
	Resume          string   `json:"resume"`
	Since           uint32   `json:"since"`
}

// Message as it stands.
type Message struct {
	Seq         uint32    `json:"seq"`
	User        string    `json:"user"`
	Name        string    `json:"name"`
	Time        time.Time `json:"time"`
	Text        string    `json:"text"`
	Data        M         `json:"data"`
	ClientMsgID string    `json:"clientMsgId"`
	Version     uint32    `json:"version"`
	Deleted     bool      `json:"deleted"`
	ReplyTo     *uint32   `json:"replyTo"`
	Thread      *uint32   `json:"thread"`
	Mentions    []string  `json:"mentions"`
}

// Ack of a change.
type Ack struct {
	Room       string    `json:"room"`
	Seq        uint32    `json:"seq"`
	Time       time.Time `json:"time"`
	Duplicate  bool      `json:"duplicate"`
	Durability string    `json:"durability"`
}

// Error is a refusal.
type Error struct {
	Code         string  `json:"code"`
	Message      string  `json:"message"`
	Field        *string `json:"field"`
	RetryAfterMs *uint32 `json:"retryAfterMs"`
}

func (e *Error) Error() string {
	if e.Field != nil {
		return fmt.Sprintf("%s (%s): %s", e.Code, *e.Field, e.Message)
	}
	return e.Code + ": " + e.Message
}

// Event of a room.
type Event struct {
	Room        string          `json:"room"`
	Seq         uint32          `json:"seq"`
	Time        time.Time       `json:"time"`
	User        string          `json:"user"`
	Name        string          `json:"name"`
	ClientMsgID string          `json:"clientMsgId"`
	Message     *Posted         `json:"message"`
	Created     *Created        `json:"created"`
	Joined      *Joined         `json:"joined"`
	Left        *struct{}       `json:"left"`
	Removed     json.RawMessage `json:"removed"`
	Trimmed     *Trimmed        `json:"trimmed"`
}

// Trimmed says that the messages before a seq are gone.
type Trimmed struct {
	Before uint32 `json:"before"`
}

// Posted is a message event's change.
type Posted struct {
	Text     string   `json:"text"`
	Data     M        `json:"data"`
	ReplyTo  *uint32  `json:"replyTo"`
	Thread   *uint32  `json:"thread"`
	Mentions []string `json:"mentions"`
}

// Created is a room's first event.
type Created struct {
	Name  string `json:"name"`
	Kind  string `json:"kind"`
	Topic string `json:"topic"`
}

// Joined tells of a new member.
type Joined struct {
	Role string `json:"role"`
	By   string `json:"by"`
}

// Gone ends a room on this session.
type Gone struct {
	Room   string `json:"room"`
	Reason string `json:"reason"`
}

// Typing tells who writes.
type Typing struct {
	Room string `json:"room"`
	User string `json:"user"`
	Stop bool   `json:"stop"`
}

// ReadMark tells who has read what.
type ReadMark struct {
	Room string `json:"room"`
	User string `json:"user"`
	Seq  uint32 `json:"seq"`
}

// PresenceChange tells who is here.
type PresenceChange struct {
	Room    string `json:"room"`
	Changes []struct {
		User     string     `json:"user"`
		State    string     `json:"state"`
		Text     string     `json:"text"`
		LastSeen *time.Time `json:"lastSeen"`
	} `json:"changes"`
	Online uint32 `json:"online"`
}

// State of a user in the change, or "".
func (p *PresenceChange) State(user string) string {
	for _, change := range p.Changes {
		if change.User == user {
			return change.State
		}
	}
	return ""
}

// Results answers search.
type Results struct {
	Hits   []Hit   `json:"hits"`
	Cursor *string `json:"cursor"`
}

// Hit is a message found.
type Hit struct {
	Room    string  `json:"room"`
	Message Message `json:"message"`
	Snippet struct {
		Text  string  `json:"text"`
		Marks []Range `json:"marks"`
	} `json:"snippet"`
}

// Range of a text, in UTF-16 code units.
type Range struct {
	Start uint32 `json:"start"`
	End   uint32 `json:"end"`
}

// Page of messages.
type Page struct {
	Room      string    `json:"room"`
	Messages  []Message `json:"messages"`
	HasBefore bool      `json:"hasBefore"`
	HasAfter  bool      `json:"hasAfter"`
}

// RoomList answers rooms.
type RoomList struct {
	Rooms  []View  `json:"rooms"`
	Cursor *string `json:"cursor"`
}

// MemberList answers members.
type MemberList struct {
	Members []struct {
		User  string `json:"user"`
		Name  string `json:"name"`
		Role  string `json:"role"`
		State string `json:"state"`
	} `json:"members"`
	Cursor *string `json:"cursor"`
}

// Notice is what admins announce.
type Notice struct {
	Text string `json:"text"`
	Room string `json:"room"`
	Data M      `json:"data"`
}

// Goaway asks to come back elsewhere.
type Goaway struct {
	AfterMs uint32 `json:"afterMs"`
	Reason  string `json:"reason"`
}
