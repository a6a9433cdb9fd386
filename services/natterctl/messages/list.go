package messages

import (
	"context"
	"fmt"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// List is `message list`.
type List struct {
	Room   string  `arg:"" help:"Room id."`
	Before *uint32 `xor:"position" help:"Messages before this seq." placeholder:"SEQ"`
	After  *uint32 `xor:"position" help:"Messages after this seq." placeholder:"SEQ"`
	Around *uint32 `xor:"position" help:"Messages on both sides of this seq, and itself." placeholder:"SEQ"`
	Thread *uint32 `help:"Only the thread that hangs from this seq." placeholder:"SEQ"`
	Limit  uint32  `help:"At most this many, 1-100." default:"50"`
}

// Run lists the messages, rising by seq.
func (l *List) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Messages.List(ctx, &historyv1.MessagesListRequest{
		Room: l.Room, Before: l.Before, After: l.After, Around: l.Around, Thread: l.Thread, Limit: l.Limit,
	})
	if err != nil {
		return err
	}
	messages := resp.GetMessages()
	err = env.Print(resp, func(t *command.Table) {
		t.Row("SEQ", "TIME", "USER", "TEXT")
		for _, m := range messages {
			t.Row(m.GetSeq(), command.Time(m.GetTime()), m.GetUser(), text(m))
		}
	})
	if resp.GetHasBefore() && len(messages) > 0 {
		fmt.Fprintf(env.Stderr, "There are older ones: --before %d\n", messages[0].GetSeq())
	}
	if resp.GetHasAfter() && len(messages) > 0 {
		fmt.Fprintf(env.Stderr, "There are newer ones: --after %d\n", messages[len(messages)-1].GetSeq())
	}
	return err
}

func text(m *chatv1.Message) string {
	switch {
	case m.GetDeleted():
		return "(deleted)"
	case m.EditedAt != nil:
		return m.GetText() + " (edited)"
	}
	return m.GetText()
}
