package webhook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Update is `webhook update`.
type Update struct {
	command.Confirmed

	ID         string        `arg:"" help:"Webhook id."`
	URL        *string       `name:"url" help:"Where to post." placeholder:"URL"`
	Name       *string       `help:"For people."`
	Rooms      []string      `name:"room" help:"These rooms instead. May be repeated." placeholder:"ROOM"`
	Kinds      []string      `name:"kind" xor:"kinds" help:"These kinds of events instead. May be repeated." placeholder:"KIND"`
	AllKinds   bool          `xor:"kinds" help:"All kinds of events."`
	Enable     bool          `xor:"state" help:"Deliver, from where it stood."`
	Disable    bool          `xor:"state" help:"Deliver no more; its place is kept for as long as the log reaches back."`
	AcceptGap  bool          `help:"With --enable: go on though the log does not reach back to where it stood. What is missing is never delivered."`
	Rotate     bool          `help:"Sign with a new secret, and with the old one for a while."`
	SecretFile string        `help:"With --rotate: file with the new secret; none: the server makes one." placeholder:"FILE"`
	Keep       time.Duration `help:"With --rotate: for how long to sign with the old secret, too." default:"24h"`
}

// Run changes what is named.
func (u *Update) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	secret, err := readSecret(u.SecretFile)
	if err != nil {
		return err
	}
	if secret != "" && !u.Rotate {
		return &command.Advised{Err: errors.New("--secret-file sets a new secret only with --rotate"), Next: "add --rotate.", Exit: command.ExitUsage}
	}
	if u.AcceptGap {
		what := fmt.Sprintf("this gives up what the webhook %s has yet to be told and the log has no more; it is never delivered", u.ID)
		if err := u.Confirm(env, what, ""); err != nil {
			return err
		}
	}
	req := &historyv1.WebhooksUpdateRequest{
		Id: u.ID, Url: u.URL, Name: u.Name, Rooms: u.Rooms, Kinds: u.Kinds, SetKinds: u.AllKinds || len(u.Kinds) > 0,
		AcceptGap: u.AcceptGap, RotateSecret: u.Rotate, Secret: secret,
	}
	if u.Enable || u.Disable {
		req.Enabled = &u.Enable
	}
	if u.Rotate {
		req.KeepOldSecret = durationpb.New(u.Keep)
	}
	resp, err := client.Webhooks.Update(ctx, req)
	if err != nil {
		return err
	}
	err = env.Print(resp, func(t *command.Table) { printWebhook(t, resp.GetWebhook(), resp.GetSecret()) })
	if err == nil && resp.GetSecret() != "" {
		fmt.Fprintln(env.Stderr, "Keep the secret: it is not shown again.")
	}
	return err
}
