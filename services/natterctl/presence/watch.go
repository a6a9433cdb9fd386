package presence

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// watchAgain is how long to wait before watching again where the server ended
// it.
const watchAgain = time.Second

// Watch is `presence watch`.
type Watch struct {
	command.Long
	Room string `arg:"" help:"Room id."`
}

// Run tells who is here, and what changes, until ctx ends. Where a server stops,
// it goes on at the next from the last message on.
func (w *Watch) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	from := &presencev1.WatchRequest{Room: w.Room}
	for {
		err := w.follow(ctx, env, client, from)
		switch {
		case ctx.Err() != nil:
			return nil
		case from.GetOwner() == "" || status.Code(err) != codes.Unavailable:
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchAgain):
		}
	}
}

func (w *Watch) follow(ctx context.Context, env *command.Env, client *command.Client, from *presencev1.WatchRequest) error {
	stream, err := client.Presence.Watch(ctx, from)
	if err != nil {
		return err
	}
	for {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		room := m.GetRoom()
		from.Owner, from.Number = room.GetOwner(), room.GetNumber()
		err = env.Print(m, func(t *command.Table) {
			what := "changed"
			if room.GetWhole() {
				what = "here"
			}
			t.Row(what, fmt.Sprintf("%d online", room.GetOnline()), "")
			for _, u := range room.GetChanges() {
				t.Row(u.GetUser(), u.GetState(), u.GetText())
			}
		})
		if err != nil {
			return err
		}
	}
}
