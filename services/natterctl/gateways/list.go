package gateways

import (
	"cmp"
	"context"
	"strings"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// List is `gateway list`.
type List struct{}

// Run lists the gateways.
func (*List) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Gateways.List(ctx, &gatewayv1.ListRequest{})
	if err != nil {
		return err
	}
	err = env.Print(resp, func(t *command.Table) {
		t.Row("GATEWAY", "SINCE", "SESSIONS", "USERS", "ROOMS", "READY", "WHY NOT")
		for _, g := range resp.GetGateways() {
			t.Row(g.GetGateway(), command.Time(g.GetSince()), g.GetSessions(), g.GetUsers(), g.GetRooms(),
				command.YesNo(len(g.GetNotReady()) == 0), strings.Join(g.GetNotReady(), "; "))
		}
		for _, gateway := range resp.GetSilent() {
			t.Row(gateway, "", "", "", "", "no answer", "")
		}
	})
	return cmp.Or(err, command.Silent(resp.GetSilent(), "nothing is known of them"))
}
