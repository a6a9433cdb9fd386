package webhook

import (
	"context"
	"errors"
	"time"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Test is `webhook test`.
type Test struct {
	ID string `arg:"" help:"Webhook id."`
}

// Run sends a delivery; one that is not taken is a failure.
func (c *Test) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Webhooks.Test(ctx, &historyv1.WebhooksTestRequest{Id: c.ID})
	if err != nil {
		return err
	}
	err = env.Print(resp, func(t *command.Table) {
		t.Row("delivered", command.YesNo(resp.GetDelivered()))
		t.Row("status", resp.GetStatus())
		t.Row("problem", resp.GetProblem())
		t.Row("took", resp.GetTook().AsDuration().Round(time.Millisecond))
	})
	if err == nil && !resp.GetDelivered() {
		return &command.Advised{Err: errors.New("the receiver did not take it"), Next: "mend the receiver, or set another URL: natterctl webhook update --url"}
	}
	return err
}
