package webhook

import (
	"context"
	"strings"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// List is `webhook list`.
type List struct{}

// Run lists them, the oldest first.
func (*List) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Webhooks.List(ctx, &historyv1.WebhooksListRequest{})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		t.Row("ID", "NAME", "URL", "ROOMS", "KINDS", "STATE")
		for _, h := range resp.GetWebhooks() {
			t.Row(h.GetId(), h.GetName(), h.GetUrl(), strings.Join(h.GetRooms(), " "), kinds(h), state(h))
		}
	})
}
