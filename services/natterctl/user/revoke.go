package user

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Revoke is `user revoke`.
type Revoke struct {
	User   string    `arg:"" help:"User id; a guest's too."`
	Before time.Time `help:"Tokens issued before this time are void, such as 2026-03-01T12:00:00Z; none: now." placeholder:"TIME" format:"2006-01-02T15:04:05Z07:00"`
}

// Run revokes, and tells since when tokens hold.
func (r *Revoke) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	q := &historyv1.RevokeRequest{User: r.User}
	if !r.Before.IsZero() {
		q.Before = timestamppb.New(r.Before)
	}
	resp, err := client.Users.Revoke(ctx, q)
	if err != nil {
		return err
	}
	return env.Print(resp, func(t *command.Table) {
		t.Row("user", r.User)
		t.Row("void before", command.Time(resp.GetBefore()))
	})
}
