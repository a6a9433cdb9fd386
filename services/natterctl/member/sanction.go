package member

import (
	"context"
	"errors"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// End is when a ban or a mute ends.
type End struct {
	For   time.Duration `help:"For how long, such as 24h; none: for ever." placeholder:"TIME"`
	Until *time.Time    `help:"Until when, such as 2027-01-02T15:04:05Z." placeholder:"TIME"`
}

// Validate is called by the parser.
func (e End) Validate() error {
	switch {
	case e.For != 0 && e.Until != nil:
		return errors.New("--for and --until say the same; give one of them")
	case e.For < 0:
		return errors.New("--for: a time below zero")
	}
	return nil
}

func (e End) timestamp() *timestamppb.Timestamp {
	switch {
	case e.For > 0:
		return timestamppb.New(time.Now().Add(e.For))
	case e.Until != nil:
		return timestamppb.New(*e.Until)
	}
	return nil
}

// Ban is `member ban`.
type Ban struct {
	Room   string `arg:"" help:"Room id."`
	User   string `arg:"" help:"User id; they need not be a member."`
	Reason string `help:"For people, at most 1 KiB."`
	End
}

// Run bans the user.
func (b *Ban) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.Ban(ctx, &historyv1.BanRequest{Room: b.Room, User: b.User, Reason: b.Reason, Until: b.timestamp()})
	if err != nil {
		return err
	}
	return env.PrintChange(resp, resp.GetChange())
}

// Unban is `member unban`.
type Unban struct {
	Room string `arg:"" help:"Room id."`
	User string `arg:"" help:"User id."`
}

// Run lets the user come back.
func (u *Unban) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.Unban(ctx, &historyv1.UnbanRequest{Room: u.Room, User: u.User})
	if err != nil {
		return err
	}
	return env.PrintChange(resp, resp.GetChange())
}

// Mute is `member mute`.
type Mute struct {
	Room string `arg:"" help:"Room id."`
	User string `arg:"" help:"User id."`
	End
}

// Run mutes the user.
func (m *Mute) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.Mute(ctx, &historyv1.MuteRequest{Room: m.Room, User: m.User, Until: m.timestamp()})
	if err != nil {
		return err
	}
	return env.PrintChange(resp, resp.GetChange())
}

// Unmute is `member unmute`.
type Unmute struct {
	Room string `arg:"" help:"Room id."`
	User string `arg:"" help:"User id."`
}

// Run lets the user write again.
func (u *Unmute) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.Unmute(ctx, &historyv1.UnmuteRequest{Room: u.Room, User: u.User})
	if err != nil {
		return err
	}
	return env.PrintChange(resp, resp.GetChange())
}
