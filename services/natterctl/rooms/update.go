package rooms

import (
	"context"
	"errors"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Update is `room update`.
type Update struct {
	Room     string  `arg:"" help:"Room id."`
	Name     *string `help:"Display name, 1-128 bytes."`
	Topic    *string `help:"What it is about, at most 1 KiB; an empty one takes it away."`
	SlowMode *uint32 `help:"Seconds between two messages of one member, 0-21600; 0: no slow mode." placeholder:"SECONDS"`
	Archived *bool   `negatable:"" help:"Archive it: it is read, and not written any more."`
}

// Validate is called by the parser.
func (u *Update) Validate() error {
	if u.Name == nil && u.Topic == nil && u.SlowMode == nil && u.Archived == nil {
		return errors.New("name at least one thing to change: --name, --topic, --slow-mode, --archived or --no-archived")
	}
	return nil
}

// Run changes the room, and tells of it.
func (u *Update) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.Update(ctx, &historyv1.UpdateRequest{
		Room: u.Room, Name: u.Name, Topic: u.Topic, SlowModeSeconds: u.SlowMode, Archived: u.Archived,
	})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) { describe(t, resp.GetRoom()) })
}
