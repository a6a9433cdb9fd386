package member

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// List is `member list`.
type List struct {
	Room string `arg:"" help:"Room id."`
	command.List
}

// Run lists the members.
func (m *List) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	members, cursor, err := command.Pages(m.List, func(cursor string, limit uint32) ([]*chatv1.Member, string, error) {
		resp, err := client.Rooms.ListMembers(ctx, &historyv1.ListMembersRequest{Room: m.Room, Cursor: cursor, Limit: limit})
		return resp.GetMembers(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.ListMembersResponse{Members: members, Cursor: cursor}, func(t *command.Table) {
		t.Row("USER", "NAME", "ROLE", "JOINED", "READ")
		for _, u := range members {
			t.Row(u.GetUser(), u.GetName(), u.GetRole(), u.GetJoinedSeq(), u.GetReadSeq())
		}
	})
	command.More(env.Stderr, cursor)
	return err
}
