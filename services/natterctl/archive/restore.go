package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Restore is `restore`.
type Restore struct {
	command.Long

	File string `arg:"" help:"File that backup wrote. Restore into a fresh deployment that has no rooms yet; it may be repeated, also after it was cut short."`
}

// Run checks the whole file and that the deployment is a fresh one, makes void
// the tokens that were, and only then imports the rooms.
func (r *Restore) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	file, err := os.Open(r.File)
	if err != nil {
		return err
	}
	defer file.Close()
	size, err := verify(file)
	if err != nil {
		return &command.Advised{Err: fmt.Errorf("%s: %w", r.File, err), Next: "nothing was restored; take another backup."}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	held, err := survey(io.LimitReader(file, size))
	if err != nil {
		return fmt.Errorf("%s, %w", r.File, err)
	}
	if err := held.fresh(ctx, env, client); err != nil {
		return err
	}
	for _, revoked := range held.revoked {
		if err := revoke(ctx, client, revoked); err != nil {
			return &command.Advised{Err: fmt.Errorf("make void the tokens of %s: %w", revoked.GetUser(), err), Next: "nothing was restored; repeat the same command."}
		}
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	i := &Import{File: r.File}
	return i.take(ctx, env, client, io.LimitReader(file, size), size)
}

// holding is what a backup holds, without what was said.
type holding struct {
	created map[string]*chatv1.Event // the first event of each room
	revoked []*chatv1.Revocation
}

// survey looks through a backup that was verified.
func survey(in io.Reader) (*holding, error) {
	h := &holding{created: map[string]*chatv1.Event{}}
	return h, readLines(in, func(number int, text []byte) error {
		if !bytes.HasPrefix(text, []byte(`{"revoked":`)) && !bytes.Contains(text, []byte(`"created":`)) {
			return nil
		}
		it, err := parse(text)
		switch {
		case err != nil:
			return &lineError{number, err}
		case it == nil:
		case it.revoked != nil:
			h.revoked = append(h.revoked, it.revoked)
		case it.event.GetCreated() != nil:
			h.created[it.event.GetRoom()] = it.event
		}
		return nil
	})
}

// operator is who made the rooms that nobody owns, such as the one of make up.
const operator = "natter"

// errInUse says that a deployment has other rooms than a backup.
var errInUse = errors.New("the deployment is in use")

// fresh refuses a deployment that has what is not in the backup.
func (h *holding) fresh(ctx context.Context, env *command.Env, client *command.Client) error {
	for cursor := ""; ; {
		list, err := client.Rooms.List(ctx, &historyv1.ListRequest{Cursor: cursor})
		if err != nil {
			return err
		}
		for _, view := range list.GetRooms() {
			if err := h.belongs(ctx, env, client, view.GetRoom()); err != nil {
				return err
			}
		}
		if cursor = list.GetCursor(); cursor == "" {
			return nil
		}
	}
}

// belongs refuses a room that is not of the backup. A bare one, of the
// deployment's own making, may stay beside it.
func (h *holding) belongs(ctx context.Context, env *command.Env, client *command.Client, id string) error {
	got, err := client.Rooms.Get(ctx, &historyv1.GetRequest{Room: id})
	if err != nil {
		return err
	}
	here, created := got.GetRoom(), h.created[id]
	bare := here.GetCreatedBy() == operator && here.GetHead() == 1 && here.GetMemberCount() == 0
	switch {
	case created == nil && bare:
		fmt.Fprintf(env.Stderr, "the deployment's empty room %s is not in the backup, and stays\n", id)
		return nil
	case created == nil:
		return &command.Advised{
			Err:  fmt.Errorf("%w: it has the room %s, which is not in the backup", errInUse, id),
			Next: "nothing was restored. Restore into a fresh deployment, with an empty data directory (or an empty database and an empty NATS); to add the backup's rooms to those that are here, use natterctl import with the same file.",
		}
	case here.GetCreatedBy() == created.GetUser() && here.GetCreatedAt().AsTime().UnixMilli() == created.GetTimeMs():
		return nil
	}
	return &command.Advised{
		Err:  fmt.Errorf("%w: its room %s is another one than the backup's", errInUse, id),
		Next: "nothing was restored. Restore into a fresh deployment, with an empty data directory (or an empty database and an empty NATS), before anybody opens the page and before rooms are made. The compose stack has such a start after docker compose down --volumes (all its data goes) and make up ROOM= (with nothing behind the sign).",
	}
}
