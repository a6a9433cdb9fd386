package archive

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

// version is the newest of the format that this program reads.
const version = 3

// line is one line of a file: one of its fields is set.
type line struct {
	Natter  *header
	Event   json.RawMessage
	Mark    json.RawMessage
	Room    *roomLine
	Member  *memberLine
	Message *messageLine
	Revoked json.RawMessage
	Webhook json.RawMessage
}

type header struct {
	Format     string
	Version    int
	Room       string
	User       string
	Epoch      uint64
	Partitions int
	Begun      time.Time
	End        bool
}

// roomLine is a room from elsewhere.
type roomLine struct {
	Room, Name, Kind, Topic, User string
	Time                          time.Time
}

// memberLine is a member from elsewhere.
type memberLine struct {
	Room, User, Name, Role string
	Time                   time.Time
}

// messageLine is a message from elsewhere; ReplyTo and Thread are ids.
type messageLine struct {
	Room, User, Name, ID, Text string
	ReplyTo, Thread            string
	Data                       json.RawMessage
	Time                       time.Time
}

// item is what a line asks the server to take: an event, a mark, a revocation or
// a webhook.
type item struct {
	number  int // of the line
	event   *chatv1.Event
	mark    *chatv1.Mark
	revoked *chatv1.Revocation
	webhook *historyv1.KeptWebhook
	// id of a message that others may refer to, and what it refers to itself.
	id, replyTo, thread string
}

func (i *item) room() string {
	if i.mark != nil {
		return i.mark.GetRoom()
	}
	return i.event.GetRoom()
}

// parse reads a line; nil is a line that asks for nothing.
func parse(text []byte) (*item, error) {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&l); err != nil {
		return nil, fmt.Errorf("this is no line of an export: %w", err)
	}
	lenient := protojson.UnmarshalOptions{DiscardUnknown: true}
	switch {
	case l.Natter != nil:
		return nil, l.Natter.check()
	case l.Event != nil:
		e := &chatv1.Event{}
		if err := lenient.Unmarshal(l.Event, e); err != nil {
			return nil, fmt.Errorf("event: %w", err)
		}
		return &item{event: e}, nil
	case l.Mark != nil:
		m := &chatv1.Mark{}
		if err := lenient.Unmarshal(l.Mark, m); err != nil {
			return nil, fmt.Errorf("mark: %w", err)
		}
		return &item{mark: m}, nil
	case l.Revoked != nil:
		r := &chatv1.Revocation{}
		if err := lenient.Unmarshal(l.Revoked, r); err != nil {
			return nil, fmt.Errorf("revoked: %w", err)
		}
		return &item{revoked: r}, nil
	case l.Webhook != nil:
		w := &historyv1.KeptWebhook{}
		if err := lenient.Unmarshal(l.Webhook, w); err != nil {
			return nil, fmt.Errorf("webhook: %w", err)
		}
		return &item{webhook: w}, nil
	case l.Room != nil:
		return l.Room.item()
	case l.Member != nil:
		return l.Member.item()
	case l.Message != nil:
		return l.Message.item()
	}
	return nil, errors.New("a line has one of natter, event, mark, revoked, webhook, room, member and message")
}

func (h *header) check() error {
	switch {
	case h.Format != "export" && h.Format != "backup":
		return fmt.Errorf("natter.format: %q is neither export nor backup", h.Format)
	case h.Version > version:
		return fmt.Errorf("natter.version: the file is of version %d, and this program reads up to %d; use a newer one", h.Version, version)
	case h.User != "":
		return errors.New("natter.user: this is what is kept of one user, not the past of a room; it cannot be imported")
	}
	return nil
}

func (r *roomLine) item() (*item, error) {
	kind := chatv1.RoomKind(chatv1.RoomKind_value[strings.ToUpper(r.Kind)])
	if kind == chatv1.RoomKind_ROOM_KIND_UNSPECIFIED {
		return nil, fmt.Errorf("room.kind: %q is none of PUBLIC, PRIVATE, BROADCAST and DIRECT", r.Kind)
	}
	e, err := eventOf("room", r.Room, r.User, "", r.Time)
	if err != nil {
		return nil, err
	}
	created := &chatv1.Created{Name: r.Name, Kind: kind, Topic: r.Topic}
	if kind != chatv1.RoomKind_DIRECT {
		created.Members = []*chatv1.Member{{User: r.User, Name: r.User, Role: chatv1.Role_OWNER}}
	}
	e.Change = &chatv1.Event_Created{Created: created}
	return &item{event: e}, nil
}

func (m *memberLine) item() (*item, error) {
	role := chatv1.Role_MEMBER
	if m.Role != "" {
		role = chatv1.Role(chatv1.Role_value[strings.ToUpper(m.Role)])
	}
	if role == chatv1.Role_ROLE_UNSPECIFIED {
		return nil, fmt.Errorf("member.role: %q is none of OWNER, MODERATOR, MEMBER and READER", m.Role)
	}
	e, err := eventOf("member", m.Room, m.User, m.Name, m.Time)
	if err != nil {
		return nil, err
	}
	e.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: role}}
	return &item{event: e}, nil
}

func (m *messageLine) item() (*item, error) {
	if m.ID == "" {
		return nil, errors.New("message.id: a message has the id that it has where it comes from; by it, importing twice is importing once")
	}
	e, err := eventOf("message", m.Room, m.User, m.Name, m.Time)
	if err != nil {
		return nil, err
	}
	posted := &chatv1.Posted{Text: m.Text}
	if len(m.Data) > 0 {
		posted.Data = &structpb.Struct{}
		if err := protojson.Unmarshal(m.Data, posted.Data); err != nil {
			return nil, errors.New("message.data: it is no JSON object")
		}
	}
	e.ClientMsgId, e.Change = m.ID, &chatv1.Event_Message{Message: posted}
	return &item{event: e, id: m.ID, replyTo: m.ReplyTo, thread: m.Thread}, nil
}

func eventOf(what, room, user, name string, at time.Time) (*chatv1.Event, error) {
	switch {
	case room == "":
		return nil, fmt.Errorf("%s.room: which room is it?", what)
	case user == "":
		return nil, fmt.Errorf("%s.user: who is it?", what)
	case at.IsZero():
		return nil, fmt.Errorf("%s.time: when was it? Say it as 2006-01-02T15:04:05Z", what)
	}
	if name == "" {
		name = user
	}
	return &chatv1.Event{Room: room, User: user, Name: name, TimeMs: at.UnixMilli()}, nil
}
