package webhook

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// Bounds of a selection.
const (
	maxRooms = 100
	directs  = "dm-"
)

// Selection is which events a webhook is told.
type Selection struct {
	// Rooms are ids, or beginnings of ids with * behind them.
	Rooms []string
	// Kinds are the names of changes; none: all.
	Kinds []string
}

// Check refuses a selection, naming the field that is wrong.
func (s Selection) Check() *chatv1.Refusal {
	if len(s.Rooms) == 0 || len(s.Rooms) > maxRooms {
		return bad("rooms", "name 1 to %d rooms: ids, or beginnings of ids with * behind them, or * for all", maxRooms)
	}
	for _, pattern := range s.Rooms {
		id := strings.TrimSuffix(pattern, "*")
		if id == "" && pattern != "" {
			continue
		}
		if r := room.CheckRoom(id); r != nil {
			return bad("rooms", "%q is neither a room id nor the beginning of one with * behind it", pattern)
		}
	}
	for _, kind := range s.Kinds {
		if !slices.Contains(Kinds(), kind) {
			return bad("kinds", "%q is no kind of event; there are %s", kind, strings.Join(Kinds(), ", "))
		}
	}
	return nil
}

// Room tells whether a room is selected. Direct rooms are those of two people,
// whom nobody looks after: "all" does not mean them.
func (s Selection) Room(id string) bool {
	for _, pattern := range s.Rooms {
		begin, wild := strings.CutSuffix(pattern, "*")
		switch {
		case !wild && id == pattern:
			return true
		case wild && strings.HasPrefix(id, begin) && (!strings.HasPrefix(id, directs) || strings.HasPrefix(begin, directs)):
			return true
		}
	}
	return false
}

// Event tells whether an event's kind is selected.
func (s Selection) Event(e *chatv1.Event) bool {
	return len(s.Kinds) == 0 || slices.Contains(s.Kinds, kindOf(e))
}

// Kinds are the names of all changes, as in frames.
func Kinds() []string {
	fields := changes().Fields()
	names := make([]string, fields.Len())
	for i := range names {
		names[i] = fields.Get(i).JSONName()
	}
	return names
}

func changes() protoreflect.OneofDescriptor {
	return (&chatv1.Event{}).ProtoReflect().Descriptor().Oneofs().ByName("change")
}

func kindOf(e *chatv1.Event) string {
	if field := e.ProtoReflect().WhichOneof(changes()); field != nil {
		return field.JSONName()
	}
	return ""
}

func bad(field, format string, args ...any) *chatv1.Refusal {
	return &chatv1.Refusal{Code: chatv1.ErrorCode_BAD_REQUEST, Field: &field, Message: fmt.Sprintf(format, args...)}
}
