package webhook

import (
	"context"
	"fmt"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Delete is `webhook delete`.
type Delete struct {
	ID  string `arg:"" help:"Webhook id."`
	Yes bool   `help:"Do it. There is no way back."`
}

// Run deletes it.
func (d *Delete) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	if !d.Yes {
		return &command.Advised{
			Err:  fmt.Errorf("this ends the webhook %s; what waits for it and its dead letters are never delivered", command.Clean(d.ID)),
			Next: "repeat with --yes; or keep its place: natterctl webhook update --disable",
		}
	}
	resp, err := client.Webhooks.Delete(ctx, &historyv1.WebhooksDeleteRequest{Id: d.ID})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) { t.Row("deleted", d.ID) })
}
