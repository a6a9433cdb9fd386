package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// List is `audit list`. History is asked.
type List struct {
	Who    string    `help:"Only what this admin did: the name of a token or certificate."`
	Method string    `help:"Only methods with this in their name, such as Erase or Rooms/."`
	Room   string    `help:"Only what was done to this room."`
	User   string    `help:"Only what was done to this user."`
	Since  time.Time `help:"Not before this moment, such as 2027-01-31T00:00:00Z." placeholder:"TIME"`
	Until  time.Time `help:"Before this moment." placeholder:"TIME"`
	command.List
}

// Help is shown by --help.
func (l *List) Help() string {
	return `Each call of an admin is there, granted or refused. A user who was erased is
found by their id, and shown by a pseudonym. It needs the scope operate.`
}

// Run lists records.
func (l *List) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	records, cursor, err := command.Pages(l.List, func(cursor string, limit uint32) ([]*accessv1.AuditRecord, string, error) {
		resp, err := client.Audit.List(ctx, &historyv1.AuditListRequest{
			Who: l.Who, Method: l.Method, Room: l.Room, User: l.User, Since: moment(l.Since), Until: moment(l.Until), Cursor: cursor, Limit: limit,
		})
		return resp.GetRecords(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.AuditListResponse{Records: records, Cursor: cursor}, func(t *command.Table) {
		t.Row("TIME", "WHO", "METHOD", "ON", "FROM", "RESULT", "REQUEST")
		for _, r := range records {
			t.Row(command.Time(r.GetTime()), r.GetWho(), strings.TrimPrefix(r.GetMethod(), "/natter."), on(r), from(r), r.GetCode(), r.GetRequest())
		}
	})
	command.More(env.Stderr, cursor)
	return err
}

func moment(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// on is on whom it was done.
func on(r *accessv1.AuditRecord) string {
	var parts []string
	if r.GetRoom() != "" {
		parts = append(parts, "room "+r.GetRoom())
	}
	if r.GetSeq() > 0 {
		parts = append(parts, fmt.Sprint("seq ", r.GetSeq()))
	}
	if r.GetUser() != "" {
		parts = append(parts, "user "+r.GetUser())
	}
	if r.GetObject() != "" {
		parts = append(parts, r.GetObject())
	}
	return strings.Join(parts, ", ")
}

func from(r *accessv1.AuditRecord) string {
	if r.GetForwarded() == "" {
		return r.GetAddress()
	}
	return r.GetAddress() + " for " + r.GetForwarded()
}
