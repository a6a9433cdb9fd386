package user

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Rooms is `user rooms`.
type Rooms struct {
	User string `arg:"" help:"User id; a guest's too."`
	command.List
}

// Run lists the rooms.
func (r *Rooms) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	rooms, cursor, err := command.Pages(r.List, func(cursor string, limit uint32) ([]*chatv1.RoomView, string, error) {
		resp, err := client.Users.ListRooms(ctx, &historyv1.ListRoomsRequest{User: r.User, Cursor: cursor, Limit: limit})
		return resp.GetRooms(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.ListRoomsResponse{Rooms: rooms, Cursor: cursor}, func(t *command.Table) {
		t.Row("ROOM", "NAME", "KIND", "ROLE", "READ", "HEAD")
		for _, v := range rooms {
			t.Row(v.GetRoom(), v.GetName(), v.GetKind(), v.GetRole(), v.GetReadSeq(), v.GetHead())
		}
	})
	command.More(env.Stderr, cursor)
	return err
}
