package webhook

import (
	"context"
	"fmt"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Retry is `webhook retry`.
type Retry struct {
	ID    string  `arg:"" help:"Webhook id."`
	Room  string  `help:"Only of this room." placeholder:"ROOM"`
	After *uint32 `help:"Only the one of the room after this seq." placeholder:"SEQ"`
}

// Run asks for it; what comes of it, the list of dead letters shows.
func (r *Retry) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Webhooks.RetryDead(ctx, &historyv1.WebhooksRetryDeadRequest{Id: r.ID, Room: r.Room, After: r.After})
	if err != nil {
		return err
	}
	err = env.Print(resp, func(t *command.Table) { t.Row("to be retried", resp.GetLetters()) })
	if err == nil && resp.GetLetters() > 0 {
		fmt.Fprintln(env.Stderr, "What is delivered leaves the list: natterctl webhook dead", command.Clean(r.ID))
	}
	return err
}
