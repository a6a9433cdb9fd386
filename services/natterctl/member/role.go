package member

import (
	"context"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Role is `member role`.
type Role struct {
	Room string `arg:"" help:"Room id."`
	User string `arg:"" help:"User id of a member."`
	Role string `arg:"" enum:"owner,moderator,member,reader" help:"What they become: ${enum}."`
}

// Run gives the role.
func (r *Role) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.SetRole(ctx, &historyv1.SetRoleRequest{Room: r.Room, User: r.User, Role: role(r.Role)})
	if err != nil {
		return err
	}
	return env.PrintChange(resp, resp.GetChange())
}

// Remove is `member remove`.
type Remove struct {
	Room   string `arg:"" help:"Room id."`
	User   string `arg:"" help:"User id."`
	Reason string `help:"For people, at most 1 KiB."`
}

// Run ends the membership.
func (r *Remove) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.RemoveMember(ctx, &historyv1.RemoveMemberRequest{Room: r.Room, User: r.User, Reason: r.Reason})
	if err != nil {
		return err
	}
	return env.PrintChange(resp, resp.GetChange())
}
