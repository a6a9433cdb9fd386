package user

import (
	"context"
	"errors"
	"fmt"
	"io"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Erase is `user erase`.
type Erase struct {
	command.Long

	command.Confirmed

	User string `arg:"" help:"User id; a guest's too."`
}

// Run erases, and tells what was done and when the log has nothing, either.
func (e *Erase) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	what := fmt.Sprintf("this takes away all that %s said, in all rooms, and there is no way back", e.User)
	if err := e.Confirm(env, what, "make their tokens void first, then "); err != nil {
		return err
	}
	stream, err := client.Users.Erase(ctx, &historyv1.EraseRequest{User: e.User})
	if err != nil {
		return err
	}
	var last *historyv1.EraseResponse
	for {
		report, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil && last == nil {
			return err
		}
		if err != nil {
			return unfinished(err)
		}
		news := report.GetRooms() != last.GetRooms() || report.GetEvents() != last.GetEvents()
		if last = report; news && !report.GetDone() {
			fmt.Fprintf(env.Stderr, "%d rooms looked at, %d events erased\n", report.GetRooms(), report.GetEvents())
		}
	}
	if !last.GetDone() {
		return unfinished(errors.New("the server stopped before the end"))
	}
	return env.Print(last, func(t *command.Table) {
		t.Row("ROOMS", "ERASED", "LOG CLEAN AT")
		t.Row(last.GetRoomsChanged(), last.GetEvents(), command.Time(last.GetLogCleanAt()))
	})
}

func unfinished(err error) error {
	return &command.Advised{Err: err, Next: "repeat the same command: what was erased is, and it goes on with the rest."}
}
