package member

import (
	"context"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Bans is `member bans`.
type Bans struct {
	Room string `arg:"" help:"Room id."`
	command.List
}

// Run lists who is banned.
func (b *Bans) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	bans, cursor, err := command.Pages(b.List, func(cursor string, limit uint32) ([]*historyv1.Sanction, string, error) {
		resp, err := client.Rooms.ListBans(ctx, &historyv1.ListBansRequest{Room: b.Room, Cursor: cursor, Limit: limit})
		return resp.GetBans(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.ListBansResponse{Bans: bans, Cursor: cursor}, func(t *command.Table) { list(t, bans) })
	command.More(env.Stderr, cursor)
	return err
}

// Mutes is `member mutes`.
type Mutes struct {
	Room string `arg:"" help:"Room id."`
	command.List
}

// Run lists who is muted.
func (m *Mutes) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	mutes, cursor, err := command.Pages(m.List, func(cursor string, limit uint32) ([]*historyv1.Sanction, string, error) {
		resp, err := client.Rooms.ListMutes(ctx, &historyv1.ListMutesRequest{Room: m.Room, Cursor: cursor, Limit: limit})
		return resp.GetMutes(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.ListMutesResponse{Mutes: mutes, Cursor: cursor}, func(t *command.Table) { list(t, mutes) })
	command.More(env.Stderr, cursor)
	return err
}

func list(t *command.Table, sanctions []*historyv1.Sanction) {
	t.Row("USER", "UNTIL")
	for _, s := range sanctions {
		until := command.Time(s.GetUntil())
		if until == "" {
			until = "for ever"
		}
		t.Row(s.GetUser(), until)
	}
}
