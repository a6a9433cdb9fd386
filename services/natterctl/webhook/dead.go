package webhook

import (
	"context"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Dead is `webhook dead`.
type Dead struct {
	command.List

	ID   string `arg:"" help:"Webhook id."`
	Room string `help:"Only of this room." placeholder:"ROOM"`
}

// Run lists them, by room and seq.
func (d *Dead) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	letters, cursor, err := command.Pages(d.List, func(cursor string, limit uint32) ([]*historyv1.DeadLetter, string, error) {
		resp, err := client.Webhooks.ListDead(ctx, &historyv1.WebhooksListDeadRequest{Id: d.ID, Room: d.Room, Cursor: cursor, Limit: limit})
		return resp.GetLetters(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.WebhooksListDeadResponse{Letters: letters, Cursor: cursor}, func(t *command.Table) {
		t.Row("ROOM", "AFTER", "THROUGH", "ATTEMPTS", "FIRST", "LAST", "RETRYING", "PROBLEM")
		for _, l := range letters {
			t.Row(l.GetRoom(), l.GetAfter(), l.GetThrough(), l.GetAttempts(), command.Time(l.GetFirstAttempt()), command.Time(l.GetLastAttempt()), command.YesNo(l.GetRetrying()), l.GetProblem())
		}
	})
	command.More(env.Stderr, cursor)
	return err
}
