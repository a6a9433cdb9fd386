package webhook

import (
	"context"
	"fmt"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Delete is `webhook delete`.
type Delete struct {
	command.Confirmed

	ID string `arg:"" help:"Webhook id."`
}

// Run deletes it.
func (d *Delete) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	what := fmt.Sprintf("this ends the webhook %s; what waits for it and its dead letters are never delivered", d.ID)
	if err := d.Confirm(env, what, "natterctl webhook update --disable keeps its place; or "); err != nil {
		return err
	}
	resp, err := client.Webhooks.Delete(ctx, &historyv1.WebhooksDeleteRequest{Id: d.ID})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) { t.Row("deleted", d.ID) })
}
