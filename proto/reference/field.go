package reference

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// fields is the table of a message's fields, but for those of its oneof.
func (s *schema) fields(message *protogen.Message) string {
	var b strings.Builder
	for _, field := range message.Fields {
		if field.Oneof != nil && !field.Oneof.Desc.IsSynthetic() {
			continue
		}
		if b.Len() == 0 {
			b.WriteString("| field | type | |\n|---|---|---|\n")
		}
		optional := ""
		if field.Desc.HasOptionalKeyword() {
			optional = "?"
		}
		fmt.Fprintf(&b, "| `%s`%s | %s | %s |\n", field.Desc.JSONName(), optional, typeOf(field), cell(field.Comments.Leading))
	}
	if b.Len() == 0 {
		return "No fields: `{}`.\n"
	}
	return b.String()
}

// typeOf is a field's type as JSON has it.
func typeOf(field *protogen.Field) string {
	one := scalar(field)
	if field.Desc.IsList() {
		return "list of " + one
	}
	return one
}

func scalar(field *protogen.Field) string {
	switch field.Desc.Kind() {
	case protoreflect.StringKind:
		return "string"
	case protoreflect.BoolKind:
		return "true or false"
	case protoreflect.Uint32Kind:
		return "number"
	case protoreflect.Uint64Kind:
		return "string of digits"
	case protoreflect.EnumKind:
		name := string(field.Enum.Desc.Name())
		return "[" + name + "](#" + anchor(name) + ")"
	case protoreflect.MessageKind:
		switch field.Message.Desc.FullName() {
		case "google.protobuf.Timestamp":
			return "time"
		case "google.protobuf.Struct":
			return "object"
		}
		name := string(field.Message.Desc.Name())
		return "[" + name + "](#" + anchor(name) + ")"
	}
	return field.Desc.Kind().String()
}

// types are the messages inside frames that are no frames themselves, in the
// order in which they are first met.
func (s *schema) types() []*protogen.Message {
	known, list := map[protoreflect.FullName]bool{}, []*protogen.Message(nil)
	for _, field := range append(append(s.requests(), s.frames()...), s.changes()...) {
		known[field.Message.Desc.FullName()] = field.Desc.Name() != "room" // its type is named elsewhere, too
	}
	var visit func(*protogen.Message)
	visit = func(message *protogen.Message) {
		for _, field := range message.Fields {
			m := field.Message
			if m == nil || strings.HasPrefix(string(m.Desc.FullName()), "google.") {
				continue
			}
			if done, met := known[m.Desc.FullName()]; !met || !done {
				known[m.Desc.FullName()] = true
				list = append(list, m)
				visit(m)
			}
		}
	}
	for _, field := range append(append(s.requests(), s.frames()...), s.changes()...) {
		visit(field.Message)
	}
	return list
}

// enumsUsed are the enums that a field of a frame has, but for those that the
// template shows by itself.
func (s *schema) enumsUsed() []*protogen.Enum {
	var list []*protogen.Enum
	for _, name := range []string{"RoomKind", "Role", "PresenceState", "Durability", "Resume"} {
		list = append(list, s.enums[name])
	}
	return list
}

// enum is the table of an enum's values.
func (s *schema) enum(name string) (string, error) {
	enum := s.enums[name]
	if enum == nil {
		return "", fmt.Errorf("there is no enum %s", name)
	}
	var b strings.Builder
	b.WriteString("| value | |\n|---|---|\n")
	for _, value := range enum.Values {
		if text := cell(value.Comments.Leading); value.Desc.Number() != 0 || text != "" {
			fmt.Fprintf(&b, "| `%s` | %s |\n", value.Desc.Name(), text)
		}
	}
	return b.String(), nil
}

// limits is the table of a welcome's limits, with what they are unless the
// operator says otherwise: what the conversation's server was asked to tell.
func (s *schema) limits() (string, error) {
	var frame struct {
		Welcome struct {
			Limits map[string]json.Number `json:"limits"`
		} `json:"welcome"`
	}
	text, err := s.example("frame", "welcome")
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal([]byte(text), &frame); err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString("| limit | by default | |\n|---|---|---|\n")
	for _, message := range s.server.Messages {
		if message.Desc.Name() != "Limits" {
			continue
		}
		for _, field := range message.Fields {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", field.Desc.JSONName(), frame.Welcome.Limits[field.Desc.JSONName()], cell(field.Comments.Leading))
		}
	}
	return b.String(), nil
}

// cell is a comment on one line.
func cell(c protogen.Comments) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;").Replace(strings.Join(strings.Fields(string(c)), " "))
}

// comment is a comment as prose: what is answered, and with what errors, in
// paragraphs of their own.
func comment(c protogen.Comments) string {
	text := strings.Join(strings.Fields(string(c)), " ")
	text = strings.ReplaceAll(text, " Answer: ", "\n\n**Answer:** ")
	return strings.ReplaceAll(text, " Errors: ", "\n\n**Errors:** ")
}

// anchor of the heading under which a type is explained.
func anchor(name string) string {
	if name == "ErrorCode" {
		return "error-codes"
	}
	return strings.ToLower(name)
}
