package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// disabledByRestore is why a webhook of a backup makes no deliveries.
const disabledByRestore = "it comes from a backup; natterctl webhook update ID --enable has it tell what happened since it was restored"

// backUpWebhooks are lines for all webhooks, with their secrets.
func (s *Service) backUpWebhooks(ctx context.Context, lines *exportLines) error {
	hooks, err := s.webhooks.shelf.Hooks(ctx)
	if err != nil {
		s.log.WarnContext(ctx, "webhooks could not be backed up", "error", err)
		return rpc.Refuse(unavailable("NATS does not answer; try again in a moment"))
	}
	for _, h := range hooks {
		kept := &historyv1.KeptWebhook{Webhook: webhookOf(h)}
		for _, signs := range h.Secrets {
			one := &historyv1.WebhookSecret{Value: signs.Value}
			if !signs.Until.IsZero() {
				one.Until = timestamppb.New(signs.Until)
			}
			kept.Secrets = append(kept.Secrets, one)
		}
		if err := lines.message("webhook", kept); err != nil {
			return err
		}
	}
	return nil
}

// Import takes a webhook as a backup has it.
func (q *webhookQueries) Import(ctx context.Context, in *historyv1.WebhooksImportRequest) (*historyv1.WebhooksImportResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	h, r := keptHook(in.GetKept())
	if r == nil {
		r = q.check(h)
	}
	if r != nil {
		return nil, rpc.Refuse(r)
	}
	if err := checkWebhook(h.ID, ""); err != nil {
		return nil, err
	}
	switch _, err := q.service.webhooks.shelf.Hook(ctx, h.ID); {
	case err == nil:
		return &historyv1.WebhooksImportResponse{}, nil
	case !errors.Is(err, shelf.ErrNotFound):
		return nil, q.away(ctx, err)
	}
	if err := q.add(ctx, h); err != nil {
		return nil, err
	}
	return &historyv1.WebhooksImportResponse{Added: true}, nil
}

// add keeps a new webhook, which begins behind what is in the logs now.
func (q *webhookQueries) add(ctx context.Context, h shelf.Hook) error {
	all, err := q.service.webhooks.shelf.Hooks(ctx)
	if err != nil {
		return q.away(ctx, err)
	}
	if len(all) >= maxWebhooks {
		return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_TOO_LARGE, Message: fmt.Sprintf("there are at most %d webhooks; delete one", maxWebhooks)})
	}
	if h.Starts, err = q.service.logEnds(ctx); err != nil {
		return q.away(ctx, err)
	}
	if err := q.service.webhooks.shelf.Add(ctx, h); err != nil {
		return q.away(ctx, err)
	}
	return nil
}

// keptHook is a webhook of a backup, disabled.
func keptHook(kept *historyv1.KeptWebhook) (shelf.Hook, *chatv1.Refusal) {
	w := kept.GetWebhook()
	h := shelf.Hook{
		ID: w.GetId(), Name: w.GetName(), URL: w.GetUrl(), Rooms: w.GetRooms(), Kinds: w.GetKinds(),
		Disabled: disabledByRestore, Created: w.GetCreatedAt().AsTime(), Updated: time.Now(),
	}
	if w.GetDisabledBecause() != "" {
		h.Disabled = w.GetDisabledBecause()
	}
	if n := len(kept.GetSecrets()); n < 1 || n > 2 {
		return h, badField("secrets", "a webhook has one secret, or two while the one before serves")
	}
	for _, s := range kept.GetSecrets() {
		value, r := newSecret(s.GetValue())
		switch {
		case s.GetValue() == "":
			return h, badField("secrets", "a webhook of a backup has its secrets")
		case r != nil:
			return h, badField("secrets", r.GetMessage())
		}
		one := shelf.Secret{Value: value}
		if s.Until != nil {
			one.Until = s.GetUntil().AsTime()
		}
		h.Secrets = append(h.Secrets, one)
	}
	return h, nil
}
