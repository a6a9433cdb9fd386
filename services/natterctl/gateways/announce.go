package gateways

import (
	"cmp"
	"context"
	"errors"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Announce is `announce`.
type Announce struct {
	Text string `arg:"" help:"What to say, at most 1 KiB."`
	Room string `xor:"to" help:"Only where this room is live." placeholder:"ROOM"`
	User string `xor:"to" help:"Only to this user id." placeholder:"USER"`
	Data string `help:"For the application: a JSON object of at most 4 KiB." placeholder:"JSON"`
}

// Run announces it, and tells how far it came.
func (a *Announce) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	req := &gatewayv1.AnnounceRequest{Text: a.Text, Room: a.Room, User: a.User}
	if a.Data != "" {
		req.Data = &structpb.Struct{}
		if err := protojson.Unmarshal([]byte(a.Data), req.Data); err != nil {
			return &command.Advised{Err: errors.New("--data is not a JSON object"), Next: `give one such as --data '{"level": "warning"}'.`, Exit: command.ExitUsage}
		}
	}
	resp, err := client.Gateways.Announce(ctx, req)
	if err != nil {
		return err
	}
	err = env.Print(resp, func(t *command.Table) {
		t.Row("SESSIONS", "GATEWAYS")
		t.Row(resp.GetSessions(), resp.GetGateways())
	})
	return cmp.Or(err, command.Silent(resp.GetSilent(), "nobody there saw it, as far as is known; repeating it tells the others twice"))
}
