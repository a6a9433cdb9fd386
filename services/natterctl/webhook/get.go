package webhook

import (
	"context"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Get is `webhook get`.
type Get struct {
	ID string `arg:"" help:"Webhook id."`
}

// Run shows it.
func (g *Get) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Webhooks.Get(ctx, &historyv1.WebhooksGetRequest{Id: g.ID})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		p := resp.GetProgress()
		printWebhook(t, resp.GetWebhook(), "")
		t.Row("records behind", p.GetRecordsBehind())
		t.Row("rooms waiting", p.GetRoomsWaiting())
		t.Row("waiting since", command.Time(p.GetWaitingSince()))
		t.Row("problem", p.GetProblem())
		t.Row("dead letters", p.GetDead())
	})
}
