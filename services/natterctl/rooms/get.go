package rooms

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Get is `room get`.
type Get struct {
	Room string `arg:"" help:"Room id."`
}

// Run tells of the room.
func (g *Get) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.Get(ctx, &historyv1.GetRequest{Room: g.Room})
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		describe(t, resp.GetRoom())
		describeRetention(t, resp.GetRoom(), resp.GetRetention())
	})
}

func describe(t *command.Table, r *chatv1.Room) {
	t.Row("room", r.GetRoom())
	t.Row("name", r.GetName())
	t.Row("kind", r.GetKind())
	t.Row("topic", r.GetTopic())
	t.Row("members", r.GetMemberCount())
	t.Row("head", r.GetHead())
	t.Row("slow mode seconds", r.GetSlowModeSeconds())
	t.Row("archived", command.YesNo(r.GetArchived()))
	t.Row("closed", command.YesNo(r.GetClosed()))
	t.Row("created", command.Time(r.GetCreatedAt()))
	t.Row("created by", r.GetCreatedBy())
	t.Row("active", command.Time(r.GetActiveAt()))
}
