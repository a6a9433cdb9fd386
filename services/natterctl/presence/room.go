package presence

import (
	"context"
	"fmt"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Room is `presence room`.
type Room struct {
	Room string `arg:"" help:"Room id."`
}

// Run tells who is here in the room.
func (r *Room) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Presence.ListRoom(ctx, &presencev1.ListRoomRequest{Room: r.Room})
	if err != nil {
		return err
	}
	here := resp.GetRoom()
	if err := env.Print(resp, func(t *command.Table) { list(t, here.GetChanges()) }); err != nil {
		return err
	}
	if len(here.GetChanges()) < int(here.GetOnline()) {
		fmt.Fprintf(env.Stderr, "%d are online; in a room of this size only their number is told.\n", here.GetOnline())
	}
	return nil
}

func list(t *command.Table, users []*clientv1.ServerFrame_UserPresence) {
	t.Row("USER", "STATE", "TEXT")
	for _, u := range users {
		t.Row(u.GetUser(), u.GetState(), u.GetText())
	}
}
