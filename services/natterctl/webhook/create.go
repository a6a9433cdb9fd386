package webhook

import (
	"context"
	"fmt"
	"os"
	"strings"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Create is `webhook create`.
type Create struct {
	URL        string   `arg:"" name:"url" help:"Where to post, such as https://example.com/natter."`
	Rooms      []string `name:"room" required:"" help:"Room id; with * at the end all that begin so; * alone all but direct rooms. May be repeated." placeholder:"ROOM"`
	Kinds      []string `name:"kind" help:"Kind of event, such as message, edited or deleted; none: all. May be repeated." placeholder:"KIND"`
	Name       string   `help:"For people."`
	SecretFile string   `help:"File with the secret to sign by; none: the server makes one." placeholder:"FILE"`
	After      *uint32  `help:"Begin with the events after this seq of the one room, 0: its first; else with what comes from now on." placeholder:"SEQ"`
}

// Run makes it, and prints the secret.
func (c *Create) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	secret, err := readSecret(c.SecretFile)
	if err != nil {
		return err
	}
	resp, err := client.Webhooks.Create(ctx, &historyv1.WebhooksCreateRequest{Url: c.URL, Name: c.Name, Rooms: c.Rooms, Kinds: c.Kinds, Secret: secret, AfterSeq: c.After})
	if err != nil {
		return err
	}
	err = env.Print(resp, func(t *command.Table) { printWebhook(t, resp.GetWebhook(), resp.GetSecret()) })
	if err == nil {
		fmt.Fprintln(env.Stderr, "Keep the secret: it is not shown again. See that the receiver takes deliveries: natterctl webhook test", command.Clean(resp.GetWebhook().GetId()))
	}
	return err
}

func readSecret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("the secret's file: %w", err)
	}
	return strings.TrimSpace(string(content)), nil
}
