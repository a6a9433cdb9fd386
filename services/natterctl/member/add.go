package member

import (
	"context"
	"fmt"
	"strings"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Add is `member add`.
type Add struct {
	Room  string   `arg:"" help:"Room id."`
	Users []string `arg:"" help:"User ids, at most 100."`
	Role  string   `enum:"owner,moderator,member,reader" default:"member" help:"What they become: ${enum}. Who is a member already keeps their role."`
}

// Run adds the users, and tells what became of each.
func (a *Add) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	resp, err := client.Rooms.AddMembers(ctx, &historyv1.AddMembersRequest{Room: a.Room, Users: a.Users, Role: role(a.Role)})
	if err != nil {
		return err
	}
	refused := 0
	err = env.Print(resp, func(t *command.Table) {
		t.Row("USER", "SEQ", "MEMBER BEFORE", "REFUSED")
		for _, m := range resp.GetMembers() {
			if m.GetRefusal() != nil {
				refused++
				t.Row(m.GetUser(), "", "", m.GetRefusal().GetMessage())
				continue
			}
			t.Row(m.GetUser(), m.GetChange().GetSeq(), command.YesNo(m.GetChange().GetDuplicate()), "")
		}
	})
	if err == nil && refused > 0 {
		return &command.Advised{Err: fmt.Errorf("%d of %d were refused; the column REFUSED says why", refused, len(resp.GetMembers())), Exit: command.ExitPartly}
	}
	return err
}

// role by its name in lower case.
func role(name string) chatv1.Role { return chatv1.Role(chatv1.Role_value[strings.ToUpper(name)]) }
