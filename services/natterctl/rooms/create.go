package rooms

import (
	"context"
	"fmt"
	"strings"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Create is `room create`.
type Create struct {
	Name      string   `arg:"" help:"Display name, 1-128 bytes."`
	Owner     string   `help:"User id of the owner; none: admins look after the room." placeholder:"USER"`
	ID        string   `name:"id" help:"Room id; the server makes one if there is none." placeholder:"ROOM"`
	Kind      string   `enum:"public,private,broadcast" default:"public" help:"Who may see it and write in it: ${enum}."`
	Topic     string   `help:"What it is about, at most 1 KiB."`
	IfMissing bool     `help:"Leave it at that if the id is taken or was: no error."`
	Members   []string `name:"member" sep:"none" help:"User id to add as a member; may be repeated, at most 100." placeholder:"USER"`
}

// Run makes the room, and tells of it.
func (c *Create) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	kind := chatv1.RoomKind_value[strings.ToUpper(c.Kind)]
	resp, err := client.Rooms.Create(ctx, &historyv1.CreateRequest{
		Room: c.ID, Name: c.Name, Kind: chatv1.RoomKind(kind), Topic: c.Topic, Owner: c.Owner, Members: c.Members,
	})
	if c.IfMissing && c.ID != "" && rpc.RefusalOf(err).GetCode() == chatv1.ErrorCode_CONFLICT {
		_, err = fmt.Fprintf(env.Stdout, "%s is there, or was: nothing is done.\n", c.ID)
		return err
	}
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) { describe(t, resp.GetRoom()) })
}
