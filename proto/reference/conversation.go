package reference

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

//go:embed conversation.txt
var conversation string

// Step is one line of the conversation.
type Step struct {
	// Line number in the file, from 1.
	Line int
	// Who: a user's connection, or "server".
	Who string
	// Kind of step.
	Kind Kind
	// Frame of a Says or Hears, else nil.
	Frame json.RawMessage
	// Text of a Note, or of an Event ("drop", "stop", "close 4001").
	Text string
}

// Kind of a [Step].
type Kind int

const (
	// Note is a remark for the reader.
	Note Kind = iota
	// Says is a frame from a client.
	Says
	// Hears is a frame to a client.
	Hears
	// Event is something that happens to a connection, or to the server.
	Event
)

// What stands in the conversation for what differs from server to server.
const (
	Token = "<token>"
	Epoch = "1769860800000"
)

// Conversation is the documented one.
func Conversation() ([]Step, error) { return Parse(conversation) }

// Parse reads a conversation: lines "# note", "who > frame", "who < frame" and
// "who ! event"; empty ones are passed over.
func Parse(text string) ([]Step, error) {
	var steps []Step
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		step := Step{Line: i + 1}
		if note, ok := strings.CutPrefix(line, "#"); ok {
			step.Text = strings.TrimSpace(note)
			steps = append(steps, step)
			continue
		}
		parts := strings.SplitN(line, " ", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("line %d is not: who, one of > < !, what", step.Line)
		}
		step.Who = parts[0]
		switch parts[1] {
		case ">":
			step.Kind, step.Frame = Says, json.RawMessage(parts[2])
		case "<":
			step.Kind, step.Frame = Hears, json.RawMessage(parts[2])
		case "!":
			step.Kind, step.Text = Event, parts[2]
		default:
			return nil, fmt.Errorf("line %d: %q is none of > < ! that may stand there", step.Line, parts[1])
		}
		if step.Frame != nil && !json.Valid(step.Frame) {
			return nil, fmt.Errorf("line %d holds no JSON", step.Line)
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// Name of what a step's frame holds, such as "send" or "welcome"; of an event,
// also its change, as in "event.joined".
func (s Step) Name() string {
	var frame map[string]json.RawMessage
	if json.Unmarshal(s.Frame, &frame) != nil {
		return ""
	}
	for name, body := range frame {
		if name != "id" && name != "re" {
			return name + changeIn(name, body)
		}
	}
	return ""
}

// Canonical is the step's frame, read by the schema and written again: every
// field that is not optional is there. It is an error if the schema does not
// know a field.
func (s Step) Canonical() (json.RawMessage, error) {
	var frame proto.Message = &clientv1.ClientFrame{}
	if s.Kind == Hears {
		frame = &clientv1.ServerFrame{}
	}
	if err := protojson.Unmarshal(s.Frame, frame); err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(frame)
	if request, ok := frame.(*clientv1.ClientFrame); ok && request.GetId() == 0 {
		text = bytes.Replace(text, []byte(`"id":0,`), nil, 1) // 0 is none
	}
	return text, err
}

// changeIn finds the one member of an event that is an object.
func changeIn(name string, body json.RawMessage) string {
	var members map[string]json.RawMessage
	if name != "event" || json.Unmarshal(body, &members) != nil {
		return ""
	}
	for member, value := range members {
		if strings.HasPrefix(string(value), "{") {
			return "." + member
		}
	}
	return ""
}
