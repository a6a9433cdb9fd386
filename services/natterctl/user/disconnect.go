package user

import (
	"cmp"
	"context"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Disconnect is `user disconnect`. Any gateway may be asked.
type Disconnect struct {
	User      string `arg:"" help:"User id."`
	Reason    string `help:"For the client, at most 100 bytes."`
	MayReturn bool   `help:"Let clients come back by themselves, with a new token."`
}

// Run disconnects the user, and tells of gateways that did not answer.
func (d *Disconnect) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Gateways.Disconnect(ctx, &gatewayv1.DisconnectRequest{User: d.User, Reason: d.Reason, MayReturn: d.MayReturn})
	if err != nil {
		return err
	}
	err = env.Print(resp, func(t *command.Table) {
		t.Row("user", d.User)
		t.Row("sessions closed", resp.GetSessions())
		t.Row("gateways", resp.GetGateways())
		for _, gateway := range resp.GetSilent() {
			t.Row("no answer", gateway)
		}
	})
	return cmp.Or(err, command.Silent(resp.GetSilent(), "the user may still be connected there"))
}
