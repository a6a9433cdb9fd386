package rooms

import (
	"context"
	"fmt"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Delete is `room delete`.
type Delete struct {
	command.Confirmed

	Room string `arg:"" help:"Room id."`
}

// Run closes the room.
func (d *Delete) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	what := fmt.Sprintf("this closes the room %s for ever: nobody reads it any more, and its id is not used again", d.Room)
	if err := d.Confirm(env, what, "natterctl export room keeps what was said; then "); err != nil {
		return err
	}
	resp, err := client.Rooms.Delete(ctx, &historyv1.DeleteRequest{Room: d.Room})
	if err != nil {
		return err
	}
	return env.PrintChange(resp, resp.GetChange())
}
