package workload

import (
	"context"
	"fmt"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// room of the crowd's.
type room struct {
	id, kind string
	owner    int // user
}

// rooms that are there from the beginning, with everybody in them.
func rooms() []room {
	return []room{
		{"open-0", "PUBLIC", 0}, {"open-1", "PUBLIC", 1}, {"den-0", "PRIVATE", 0}, {"den-1", "PRIVATE", 1},
		{checker.Contested + "0", "PUBLIC", 0}, {checker.Contested + "1", "PUBLIC", 2},
	}
}

// talked are those in which messages are sent.
func talked() []room { return rooms()[:4] }

// contestedRooms is how many rooms are made by whoever comes first.
const contestedRooms = 40

// Rooms are the ids of all that there may be in the end.
func Rooms() []string {
	var ids []string
	for _, r := range rooms() {
		ids = append(ids, r.id)
	}
	for n := range contestedRooms {
		ids = append(ids, newRoom(n))
	}
	return ids
}

func newRoom(n int) string { return fmt.Sprint(checker.Contested, "new-", n) }

// furnish makes a room. A broken connection is no error: it is asked again.
func (d *device) furnish(ctx context.Context, r room, members []string) error {
	for {
		c, conn, err := d.comeIn(ctx)
		if err != nil {
			return err
		}
		reply, err := c.Do(ctx, "createRoom", client.M{"room": r.id, "name": r.id, "kind": r.kind, "members": members})
		d.goOut(c, conn)
		switch {
		case err == nil && reply.Room != nil:
			return nil
		case err == nil && reply.Error.Code != "UNAVAILABLE":
			return fmt.Errorf("createRoom %s was answered with %s", r.id, reply)
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}
