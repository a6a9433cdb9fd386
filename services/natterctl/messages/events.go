package messages

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Events is `message events`.
type Events struct {
	Room  string `arg:"" help:"Room id."`
	After uint32 `help:"Events after this seq." placeholder:"SEQ"`
	Limit uint32 `help:"At most this many, 1-500." default:"100"`
}

// Run shows the events.
func (e *Events) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Messages.Events(ctx, &historyv1.EventsRequest{Room: e.Room, After: e.After, Limit: e.Limit})
	if err != nil {
		return err
	}
	events := resp.GetEvents()
	err = env.Print(resp, func(t *command.Table) {
		t.Row("SEQ", "TIME", "USER", "EVENT", "DETAILS")
		for _, event := range events {
			name, details := change(event)
			t.Row(event.GetSeq(), command.TimeMS(event.GetTimeMs()), event.GetUser(), name, details)
		}
	})
	if n := len(events); n > 0 && n == int(e.Limit) {
		fmt.Fprintf(env.Stderr, "There may be more: repeat with --after %d\n", events[n-1].GetSeq())
	}
	return err
}

// change is what an event says, by its name and as JSON.
func change(event *chatv1.Event) (name, details string) {
	m := event.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().ByName("change"))
	if field == nil {
		return "unknown", ""
	}
	return field.JSONName(), compact(m.Get(field).Message())
}

func compact(m protoreflect.Message) string {
	data, err := protojson.Marshal(m.Interface())
	if err != nil {
		return err.Error()
	}
	if text := strings.TrimSpace(string(data)); text != "{}" {
		return text
	}
	return ""
}
