package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/webhook"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/secret"
)

// Bounds of webhooks.
const (
	maxWebhooks      = 32
	maxWebhookName   = 128
	maxWebhookSecret = 256
	// oldSecretFor is how long deliveries are signed with the secret before, too,
	// where the admin does not say.
	oldSecretFor     = 24 * time.Hour
	maxOldSecretFor  = 30 * 24 * time.Hour
	disabledByAdmins = "an admin disabled it"
)

// webhookQueries is natter.history.v1.Webhooks.
type webhookQueries struct {
	historyv1.UnimplementedWebhooksServer
	service *Service
}

// Create makes a webhook.
func (q *webhookQueries) Create(ctx context.Context, in *historyv1.WebhooksCreateRequest) (*historyv1.WebhooksCreateResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	h := shelf.Hook{ID: natsx.Instance(), Name: in.GetName(), URL: in.GetUrl(), Rooms: in.GetRooms(), Kinds: in.GetKinds(), From: in.AfterSeq, Created: time.Now(), Updated: time.Now()}
	if r := q.check(h); r != nil {
		return nil, rpc.Refuse(r)
	}
	if h.From != nil && (len(h.Rooms) != 1 || strings.HasSuffix(h.Rooms[0], "*")) {
		return nil, rpc.Refuse(badField("afterSeq", "a seq to begin after needs exactly one room, named by its id"))
	}
	value, r := newSecret(in.GetSecret())
	if r != nil {
		return nil, rpc.Refuse(r)
	}
	h.Secrets = []shelf.Secret{{Value: value}}
	if err := q.add(ctx, h); err != nil {
		return nil, err
	}
	return &historyv1.WebhooksCreateResponse{Webhook: webhookOf(h), Secret: value}, nil
}

// logEnds are the places behind what is in the logs now.
func (s *Service) logEnds(ctx context.Context) ([]shelf.Start, error) {
	starts := make([]shelf.Start, s.partitions)
	for p := range starts {
		stream, err := s.js.Stream(ctx, subject.LogStream(p))
		if err != nil {
			return nil, err
		}
		info := stream.CachedInfo()
		starts[p] = shelf.Start{Stream: info.Created.UnixNano(), Sequence: info.State.LastSeq + 1}
	}
	return starts, nil
}

// List tells of all webhooks.
func (q *webhookQueries) List(ctx context.Context, _ *historyv1.WebhooksListRequest) (*historyv1.WebhooksListResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	all, err := q.service.webhooks.shelf.Hooks(ctx)
	if err != nil {
		return nil, q.away(ctx, err)
	}
	out := &historyv1.WebhooksListResponse{}
	for _, h := range all {
		out.Webhooks = append(out.Webhooks, webhookOf(h))
	}
	return out, nil
}

// Get tells of one.
func (q *webhookQueries) Get(ctx context.Context, in *historyv1.WebhooksGetRequest) (*historyv1.WebhooksGetResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkWebhook(in.GetId(), ""); err != nil {
		return nil, err
	}
	h, err := q.service.webhooks.shelf.Hook(ctx, in.GetId())
	if err != nil {
		return nil, q.away(ctx, err)
	}
	progress, err := q.service.webhookProgress(ctx, h)
	if err != nil {
		return nil, q.away(ctx, err)
	}
	return &historyv1.WebhooksGetResponse{Webhook: webhookOf(h), Progress: progress}, nil
}

// Update changes one.
func (q *webhookQueries) Update(ctx context.Context, in *historyv1.WebhooksUpdateRequest) (*historyv1.WebhooksUpdateResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkWebhook(in.GetId(), ""); err != nil {
		return nil, err
	}
	value, r := "", (*chatv1.Refusal)(nil)
	if in.GetRotateSecret() {
		value, r = newSecret(in.GetSecret())
	} else if in.GetSecret() != "" {
		r = badField("secret", "another secret is set with rotateSecret")
	}
	keep := oldSecretFor
	if in.KeepOldSecret != nil {
		keep = in.GetKeepOldSecret().AsDuration()
	}
	if keep < 0 || keep > maxOldSecretFor {
		r = badField("keepOldSecret", fmt.Sprintf("it is between 0 and %s", maxOldSecretFor))
	}
	if r != nil {
		return nil, rpc.Refuse(r)
	}
	if in.GetEnabled() && in.GetAcceptGap() {
		if err := q.service.acceptWebhookGap(ctx, in.GetId()); err != nil {
			return nil, q.away(ctx, err)
		}
	}
	h, err := q.service.webhooks.shelf.Change(ctx, in.GetId(), func(h *shelf.Hook) error { return q.change(h, in, value, keep) })
	if err != nil {
		return nil, q.away(ctx, err)
	}
	return &historyv1.WebhooksUpdateResponse{Webhook: webhookOf(h), Secret: value}, nil
}

// change is what an update makes of a webhook.
func (q *webhookQueries) change(h *shelf.Hook, in *historyv1.WebhooksUpdateRequest, value string, keep time.Duration) error {
	if in.Name != nil {
		h.Name = in.GetName()
	}
	if in.Url != nil {
		h.URL = in.GetUrl()
	}
	if len(in.GetRooms()) > 0 {
		h.Rooms, h.From = in.GetRooms(), nil
	}
	if in.GetSetKinds() {
		h.Kinds = in.GetKinds()
	}
	if value != "" {
		now := time.Now()
		h.Secrets = []shelf.Secret{{Value: value}, {Value: h.Secrets[0].Value, Until: now.Add(keep)}}
	}
	switch {
	case in.Enabled == nil:
	case !in.GetEnabled() && h.Enabled():
		h.Disabled = disabledByAdmins
	case in.GetEnabled() && h.Gap && !in.GetAcceptGap():
		return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_GONE, Message: "its place in the log is lost, and what is missing can never be delivered; enable it with acceptGap (natterctl webhook update --enable --accept-gap) to go on behind it. " + h.Disabled})
	case in.GetEnabled():
		h.Disabled, h.Gap = "", false
	}
	if r := q.check(*h); r != nil {
		return rpc.Refuse(r)
	}
	return nil
}

// acceptWebhookGap moves a webhook's places to where the logs begin, where
// these do not reach back further.
func (s *Service) acceptWebhookGap(ctx context.Context, id string) error {
	h, err := s.webhooks.shelf.Hook(ctx, id)
	if err != nil || !h.Gap {
		return err
	}
	for p := range h.Starts {
		stream, err := s.js.Stream(ctx, subject.LogStream(p))
		if err != nil {
			return err
		}
		if err := s.webhooks.toBeginning(ctx, h, p, stream); err != nil {
			return err
		}
	}
	return nil
}

// Delete ends one.
func (q *webhookQueries) Delete(ctx context.Context, in *historyv1.WebhooksDeleteRequest) (*historyv1.WebhooksDeleteResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkWebhook(in.GetId(), ""); err != nil {
		return nil, err
	}
	if err := q.service.webhooks.shelf.Remove(ctx, in.GetId()); err != nil {
		return nil, q.away(ctx, err)
	}
	return &historyv1.WebhooksDeleteResponse{}, nil
}

// Test sends a delivery without events.
func (q *webhookQueries) Test(ctx context.Context, in *historyv1.WebhooksTestRequest) (*historyv1.WebhooksTestResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkWebhook(in.GetId(), ""); err != nil {
		return nil, err
	}
	h, err := q.service.webhooks.shelf.Hook(ctx, in.GetId())
	if err != nil {
		return nil, q.away(ctx, err)
	}
	began := time.Now()
	a := q.service.webhooks.post.Post(ctx, h.URL, h.Signing(began), webhook.Delivery{Webhook: h.ID, Epoch: q.service.epoch.Load(), Attempt: 1, Test: strconv.FormatInt(began.UnixNano(), 36)})
	return &historyv1.WebhooksTestResponse{Delivered: a.Problem == "", Status: uint32(a.Status), Problem: a.Problem, Took: durationpb.New(time.Since(began))}, nil
}

// check refuses a webhook, naming the field that is wrong.
func (q *webhookQueries) check(h shelf.Hook) *chatv1.Refusal {
	if len(h.Name) > maxWebhookName || !utf8.ValidString(h.Name) || strings.ContainsFunc(h.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return badField("name", fmt.Sprintf("a name has at most %d bytes and no control characters", maxWebhookName))
	}
	if r := q.service.webhooks.addresses.CheckURL(h.URL); r != nil {
		return r
	}
	return h.Selection().Check()
}

// newSecret is the one given, or one that is made.
func newSecret(given string) (string, *chatv1.Refusal) {
	if given == "" {
		return secret.New(), nil
	}
	if err := secret.Check("the secret", given); err != nil || len(given) > maxWebhookSecret {
		return "", badField("secret", fmt.Sprintf("a secret has %d to %d bytes, and cannot be guessed; leave it out, and one is made", secret.MinLength, maxWebhookSecret))
	}
	return given, nil
}

// away is what an admin is told of an error: of a refusal, itself.
func (q *webhookQueries) away(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, shelf.ErrNotFound):
		return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_NOT_FOUND, Message: "there is no such webhook", Field: proto.String("id")})
	case errors.Is(err, jetstream.ErrKeyExists):
		return rpc.Refuse(unavailable("others change the same webhook all the while; repeat it"))
	case isStatus(err):
		return err
	}
	q.service.log.WarnContext(ctx, "a query about webhooks failed", "error", err)
	return rpc.Refuse(unavailable("NATS does not answer; try again in a moment"))
}

// webhookOf is a webhook as admins see it: without its secrets.
func webhookOf(h shelf.Hook) *historyv1.Webhook {
	out := &historyv1.Webhook{
		Id: h.ID, Name: h.Name, Url: h.URL, Rooms: slices.Clone(h.Rooms), Kinds: slices.Clone(h.Kinds), Enabled: h.Enabled(), DisabledBecause: h.Disabled,
		CreatedAt: timestamppb.New(h.Created), UpdatedAt: timestamppb.New(h.Updated),
	}
	if now := time.Now(); len(h.Signing(now)) > 1 {
		out.OldSecretUntil = timestamppb.New(h.Secrets[1].Until)
	}
	return out
}
