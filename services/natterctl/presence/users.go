package presence

import (
	"context"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Users is `presence users`.
type Users struct {
	Users []string `arg:"" help:"User ids, at most 100."`
}

// Run tells of the users; in a table also of those that are offline.
func (u *Users) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Presence.GetUsers(ctx, &presencev1.GetUsersRequest{Users: u.Users})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) { list(t, u.all(resp.GetUsers())) })
}

// all are those asked for, in that order.
func (u *Users) all(here []*clientv1.ServerFrame_UserPresence) []*clientv1.ServerFrame_UserPresence {
	known := make(map[string]*clientv1.ServerFrame_UserPresence, len(here))
	for _, p := range here {
		known[p.GetUser()] = p
	}
	all := make([]*clientv1.ServerFrame_UserPresence, len(u.Users))
	for i, user := range u.Users {
		all[i] = known[user]
		if all[i] == nil {
			all[i] = &clientv1.ServerFrame_UserPresence{User: user, State: clientv1.PresenceState_OFFLINE}
		}
	}
	return all
}
