package messages

import (
	"context"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Delete is `message delete`.
type Delete struct {
	command.Long

	command.Confirmed

	Room string `arg:"" help:"Room id."`
	Seq  uint32 `arg:"" help:"seq of the message."`
}

// Run takes the message away.
func (d *Delete) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	if err := d.Confirm(env, "this takes the message away for good, with its edits and reactions", ""); err != nil {
		return err
	}
	resp, err := client.Messages.Delete(ctx, &historyv1.MessagesDeleteRequest{Room: d.Room, Seq: d.Seq})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		t.Row("SEQ", "LOG CLEAN AT")
		if resp.GetSeq() == 0 {
			t.Row("(gone before)", "")
			return
		}
		t.Row(resp.GetSeq(), command.Time(resp.GetLogCleanAt()))
	})
}
