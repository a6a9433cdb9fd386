// Package webhook holds the commands about who is told what happens in rooms.
package webhook

import (
	"strings"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Commands are natterctl's commands about webhooks.
type Commands struct {
	Create Create `cmd:"" help:"Have events of chosen rooms delivered to a URL. Prints the secret, once."`
	List   List   `cmd:"" help:"List the webhooks."`
	Get    Get    `cmd:"" help:"Show one webhook, and how far its deliveries are."`
	Update Update `cmd:"" help:"Change a webhook: its URL, rooms, kinds, secret; disable or enable it."`
	Delete Delete `cmd:"" help:"End a webhook, with all that waits for it and its dead letters."`
	Test   Test   `cmd:"" help:"Send one delivery without events now, and show what the receiver answers."`
	Dead   Dead   `cmd:"" help:"List the deliveries that were given up."`
	Retry  Retry  `cmd:"" help:"Have deliveries that were given up tried once more."`
}

// printWebhook prints one webhook, and its secret where it is new.
func printWebhook(t *command.Table, h *historyv1.Webhook, secret string) {
	t.Row("id", h.GetId())
	t.Row("name", h.GetName())
	t.Row("url", h.GetUrl())
	t.Row("rooms", strings.Join(h.GetRooms(), " "))
	t.Row("kinds", kinds(h))
	t.Row("state", state(h))
	t.Row("created", command.Time(h.GetCreatedAt()))
	t.Row("changed", command.Time(h.GetUpdatedAt()))
	if h.OldSecretUntil != nil {
		t.Row("old secret until", command.Time(h.GetOldSecretUntil()))
	}
	if secret != "" {
		t.Row("secret", secret)
	}
}

func kinds(h *historyv1.Webhook) string {
	if len(h.GetKinds()) == 0 {
		return "all"
	}
	return strings.Join(h.GetKinds(), " ")
}

func state(h *historyv1.Webhook) string {
	if h.GetEnabled() {
		return "enabled"
	}
	return "disabled: " + h.GetDisabledBecause()
}
