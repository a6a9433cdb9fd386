package gateways

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Drain is `gateway drain`.
type Drain struct {
	command.Confirmed

	Gateway string         `arg:"" help:"Its id, as gateway list tells it."`
	Within  *time.Duration `help:"Within which time its clients go, at most 1h; what is set on it (NATTER_DRAIN) if not given." placeholder:"TIME"`
	Force   bool           `help:"Also if no other gateway is ready to take them."`
}

// Run begins the drain, and tells when it is over.
func (d *Drain) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	what := fmt.Sprintf("the gateway %s will take no clients any more until it is started again", d.Gateway)
	if err := d.Confirm(env, what, ""); err != nil {
		return err
	}
	req := &gatewayv1.DrainRequest{Gateway: d.Gateway, Force: d.Force}
	if d.Within != nil {
		req.Within = durationpb.New(*d.Within)
	}
	resp, err := client.Gateways.Drain(ctx, req)
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		t.Row("GATEWAY", "SESSIONS", "OVER AT", "BEGUN BEFORE")
		t.Row(resp.GetGateway(), resp.GetSessions(), command.Time(resp.GetOverAt()), command.YesNo(resp.GetDuplicate()))
	})
}
