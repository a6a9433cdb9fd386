package session

import (
	"cmp"
	"context"
	"maps"
	"slices"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// List is `session list`. Any gateway may be asked.
type List struct {
	User    string `help:"Only of this user id." placeholder:"USER"`
	Room    string `help:"Only those on which this room is live." placeholder:"ROOM"`
	Gateway string `help:"Only on this gateway, by its id." placeholder:"GATEWAY"`
	command.List
}

// Run lists the sessions, and tells which gateways did not answer.
func (l *List) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	all := &gatewayv1.ListSessionsResponse{}
	silent := map[string]bool{}
	sessions, cursor, err := command.Pages(l.List, func(cursor string, limit uint32) ([]*gatewayv1.SessionInfo, string, error) {
		resp, err := client.Gateways.ListSessions(ctx, &gatewayv1.ListSessionsRequest{
			User: l.User, Room: l.Room, Gateway: l.Gateway, Cursor: cursor, Limit: limit,
		})
		all.Total = resp.GetTotal()
		for _, gateway := range resp.GetSilent() {
			silent[gateway] = true
		}
		return resp.GetSessions(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	all.Sessions, all.Cursor, all.Silent = sessions, cursor, slices.Sorted(maps.Keys(silent))
	err = env.Print(all, func(t *command.Table) {
		t.Row("SESSION", "USER", "GATEWAY", "ADDRESS", "SINCE", "ROOMS", "PENDING BYTES", "AGENT")
		for _, s := range sessions {
			t.Row(s.GetSession(), s.GetUser(), s.GetGateway(), s.GetAddress(), command.Time(s.GetSince()), s.GetRooms(), s.GetPendingBytes(), s.GetAgent())
		}
	})
	command.More(env.Stderr, cursor)
	return cmp.Or(err, command.Silent(all.Silent, "their sessions are not listed"))
}
