package rooms

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// List is `room list`.
type List struct {
	Query string `arg:"" optional:"" help:"Part of a name; case does not matter."`
	command.List
}

// Run lists rooms.
func (l *List) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	rooms, cursor, err := command.Pages(l.List, func(cursor string, limit uint32) ([]*chatv1.RoomView, string, error) {
		resp, err := client.Rooms.List(ctx, &historyv1.ListRequest{Query: l.Query, Cursor: cursor, Limit: limit})
		return resp.GetRooms(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.ListResponse{Rooms: rooms, Cursor: cursor}, func(t *command.Table) {
		t.Row("ROOM", "NAME", "KIND", "MEMBERS", "HEAD", "ARCHIVED")
		for _, r := range rooms {
			t.Row(r.GetRoom(), r.GetName(), r.GetKind(), r.GetMemberCount(), r.GetHead(), command.YesNo(r.GetArchived()))
		}
	})
	command.More(env.Stderr, cursor)
	return err
}
