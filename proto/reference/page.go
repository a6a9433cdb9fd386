package reference

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/template"

	"google.golang.org/protobuf/compiler/protogen"
)

//go:embed reference.md.tmpl
var page string

// schema is what the page is made of.
type schema struct {
	steps  []Step
	enums  map[string]*protogen.Enum
	client *protogen.Message
	server *protogen.Message
	file   *protogen.File
}

// Write writes the page. The files are all of the schema's, with comments, and
// one of them holds ClientFrame and ServerFrame.
func Write(w io.Writer, files []*protogen.File) error {
	steps, err := Conversation()
	if err != nil {
		return fmt.Errorf("conversation.txt: %w", err)
	}
	s := &schema{steps: steps, enums: map[string]*protogen.Enum{}}
	for _, file := range files {
		for _, enum := range file.Enums {
			s.enums[string(enum.Desc.Name())] = enum
		}
		for _, message := range file.Messages {
			switch message.Desc.FullName() {
			case "natter.client.v1.ClientFrame":
				s.client, s.file = message, file
			case "natter.client.v1.ServerFrame":
				s.server = message
			}
		}
	}
	if s.client == nil || s.server == nil {
		return fmt.Errorf("no file holds natter.client.v1.ClientFrame and ServerFrame")
	}
	t, err := template.New("reference.md.tmpl").Funcs(template.FuncMap{
		"requests": s.requests, "frames": s.frames, "changes": s.changes, "types": s.types, "enums": s.enumsUsed,
		"enum": s.enum, "example": s.example, "tick": s.exampleWith(`"name":"tick"`), "order": s.exampleWith("chair-blue"), "limits": s.limits, "play": s.play, "comment": comment, "fields": s.fields,
	}).Parse(page)
	if err != nil {
		return err
	}
	return t.Execute(w, nil)
}

// requests are the members of ClientFrame's oneof, in their order.
func (s *schema) requests() []*protogen.Field { return s.client.Oneofs[0].Fields }

// frames are those of ServerFrame's.
func (s *schema) frames() []*protogen.Field {
	for _, oneof := range s.server.Oneofs {
		if !oneof.Desc.IsSynthetic() {
			return oneof.Fields
		}
	}
	return nil
}

// changes are the kinds of event.
func (s *schema) changes() []*protogen.Field {
	for _, field := range s.frames() {
		if field.Desc.Name() != "event" {
			continue
		}
		for _, oneof := range field.Message.Oneofs {
			if !oneof.Desc.IsSynthetic() {
				return oneof.Fields
			}
		}
	}
	return nil
}

// example is the first frame of that name in the conversation, laid out to be
// read. A frame that is nowhere is an error.
func (s *schema) example(kind, name string) (string, error) {
	for _, step := range s.steps {
		if (step.Kind == Says) != (kind == "request") || step.Frame == nil {
			continue
		}
		if have := step.Name(); have != name && (strings.Contains(name, ".") || !strings.HasPrefix(have, name+".")) {
			continue
		}
		return indented(step.Frame)
	}
	return "", fmt.Errorf("conversation.txt has no example of the %s %s", kind, name)
}

// exampleWith finds frames by something that they hold.
func (s *schema) exampleWith(part string) func(kind string) (string, error) {
	return func(kind string) (string, error) {
		for _, step := range s.steps {
			event := step.Kind == Hears && !bytes.Contains(step.Frame, []byte(`"re":`))
			if (step.Kind == Says && kind == "request" || event && kind == "frame") && bytes.Contains(step.Frame, []byte(part)) {
				return indented(step.Frame)
			}
		}
		return "", fmt.Errorf("conversation.txt has no %s with %s", kind, part)
	}
}

func indented(frame json.RawMessage) (string, error) {
	var b bytes.Buffer
	err := json.Indent(&b, frame, "", "  ")
	return b.String(), err
}

// play is the whole conversation.
func (s *schema) play() string {
	var b strings.Builder
	for _, step := range s.steps {
		switch step.Kind {
		case Note:
			fmt.Fprintf(&b, "\n# %s\n", step.Text)
		case Says:
			fmt.Fprintf(&b, "%s > %s\n", step.Who, step.Frame)
		case Hears:
			fmt.Fprintf(&b, "%s < %s\n", step.Who, step.Frame)
		case Event:
			fmt.Fprintf(&b, "%s ! %s\n", step.Who, step.Text)
		}
	}
	return strings.TrimSpace(b.String())
}
