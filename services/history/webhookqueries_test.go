package history

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestWebhooksAreForAdmins: a gateway's token may do nothing with them.
func TestWebhooksAreForAdmins(t *testing.T) {
	h := launchWith(t, natstest.Start(t), hooked(t.TempDir()), quick)
	h.readySoon()
	conn := h.grpc(usersServiceToken)
	methods := historyv1.Webhooks_ServiceDesc.Methods
	for _, m := range methods {
		err := conn.Invoke(t.Context(), "/"+historyv1.Webhooks_ServiceDesc.ServiceName+"/"+m.MethodName, &historyv1.WebhooksListRequest{}, &historyv1.WebhooksListResponse{})
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("a gateway may call %s: %v", m.MethodName, err)
		}
	}
	if len(methods) != 9 {
		t.Errorf("there are %d methods", len(methods))
	}
}

// TestWebhookFieldsAreChecked: what is wrong is named.
func TestWebhookFieldsAreChecked(t *testing.T) {
	h := launchWith(t, natstest.Start(t), hooked(t.TempDir()), quick)
	h.readySoon()
	hooks, to := h.webhooks(), newReceiver(t)
	good := func() *historyv1.WebhooksCreateRequest {
		return &historyv1.WebhooksCreateRequest{Url: to.url, Rooms: []string{"lobby"}}
	}
	seq := uint32(3)
	for field, spoil := range map[string]func(*historyv1.WebhooksCreateRequest){
		"name":      func(q *historyv1.WebhooksCreateRequest) { q.Name = "a\nb" },
		"url":       func(q *historyv1.WebhooksCreateRequest) { q.Url = "https://10.0.0.1/" },
		"rooms":     func(q *historyv1.WebhooksCreateRequest) { q.Rooms = nil },
		"kinds":     func(q *historyv1.WebhooksCreateRequest) { q.Kinds = []string{"typing"} },
		"secret":    func(q *historyv1.WebhooksCreateRequest) { q.Secret = "short" },
		"afterSeq":  func(q *historyv1.WebhooksCreateRequest) { q.Rooms, q.AfterSeq = []string{"lob*"}, &seq },
		"afterSeq ": func(q *historyv1.WebhooksCreateRequest) { q.Rooms, q.AfterSeq = []string{"a", "b"}, &seq },
	} {
		q := good()
		spoil(q)
		_, err := hooks.Create(t.Context(), q)
		if status.Code(err) != codes.InvalidArgument || !strings.Contains(fmt.Sprint(status.Convert(err).Details()), `"`+strings.TrimSpace(field)+`"`) {
			t.Errorf("%s: %v, %v", field, err, status.Convert(err).Details())
		}
	}
	made, err := hooks.Create(t.Context(), good())
	if err != nil {
		t.Fatal(err)
	}
	id := made.GetWebhook().GetId()
	rotated, err := hooks.Update(t.Context(), &historyv1.WebhooksUpdateRequest{Id: id, RotateSecret: true, KeepOldSecret: durationpb.New(time.Hour)})
	if err != nil || rotated.GetSecret() == made.GetSecret() || rotated.GetWebhook().OldSecretUntil == nil {
		t.Errorf("with another secret it is %v, %v", rotated, err)
	}
	to.secrets = []string{made.GetSecret(), rotated.GetSecret()} // the receiver holds it against both
	if tested, err := hooks.Test(t.Context(), &historyv1.WebhooksTestRequest{Id: id}); err != nil || !tested.GetDelivered() || tested.GetStatus() != 200 {
		t.Errorf("tested: %v, %v", tested, err)
	}
	list, err := hooks.List(t.Context(), &historyv1.WebhooksListRequest{})
	if text := list.String(); err != nil || len(list.GetWebhooks()) != 1 || strings.Contains(text, made.GetSecret()) || strings.Contains(text, rotated.GetSecret()) {
		t.Errorf("the list is %v, %v", list, err)
	}
	for what, call := range map[string]func(context.Context) error{
		"get": func(ctx context.Context) error {
			_, err := hooks.Get(ctx, &historyv1.WebhooksGetRequest{Id: "other"})
			return err
		},
		"delete": func(ctx context.Context) error {
			_, err := hooks.Delete(ctx, &historyv1.WebhooksDeleteRequest{Id: "other"})
			return err
		},
		"update": func(ctx context.Context) error {
			_, err := hooks.Update(ctx, &historyv1.WebhooksUpdateRequest{Id: "other"})
			return err
		},
	} {
		if err := call(t.Context()); status.Code(err) != codes.NotFound {
			t.Errorf("%s of one that is not there: %v", what, err)
		}
	}
	for range maxWebhooks - 1 {
		if _, err := hooks.Create(t.Context(), good()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := hooks.Create(t.Context(), good()); err == nil {
		t.Errorf("there are more than %d", maxWebhooks)
	}
}

// TestAReceiverThatIsGoneIsLeftAlone, and goes on where it stood.
func TestAReceiverThatIsGoneIsLeftAlone(t *testing.T) {
	h := startHooked(t, natstest.Start(t), t.TempDir())
	to := newReceiver(t)
	to.set(func(delivered, http.ResponseWriter) int { return http.StatusGone })
	id := h.hook(to, "lobby")
	h.must(create("c1", "lobby", "ana"))
	hooks := h.webhooks()
	state := func() *historyv1.Webhook {
		got, err := hooks.Get(t.Context(), &historyv1.WebhooksGetRequest{Id: id})
		if err != nil {
			t.Fatal(err)
		}
		return got.GetWebhook()
	}
	natstest.Eventually(t, 2*time.Minute, "it is disabled", func() bool { return !state().GetEnabled() })
	if because := state().GetDisabledBecause(); !strings.Contains(because, "410") {
		t.Errorf("it is disabled because %q", because)
	}
	h.must(send("s1", "lobby", "ana", message("m1", "while it was gone", 1)))
	to.set(nil)
	yes := true
	if _, err := hooks.Update(t.Context(), &historyv1.WebhooksUpdateRequest{Id: id, Enabled: &yes}); err != nil {
		t.Fatal(err)
	}
	to.has("lobby", 1, 2)
}

// TestWebhookBeginsInThePast of one room, where that is asked for, and tells
// nothing of what is deleted or erased by then.
func TestWebhookBeginsInThePast(t *testing.T) {
	h := startHooked(t, natstest.Start(t), t.TempDir())
	h.must(create("c1", "lobby", "ana"))
	for n := range 250 {
		h.must(send(fmt.Sprint("s", n), "lobby", "ana", message(fmt.Sprint("m", n), fmt.Sprint("text ", n), 1)))
	}
	messages := historyv1.NewMessagesClient(h.grpc(usersAdminToken))
	if _, err := messages.Delete(t.Context(), &historyv1.MessagesDeleteRequest{Room: "lobby", Seq: 100}); err != nil {
		t.Fatal(err)
	}
	to := newReceiver(t)
	seq := uint32(50)
	if _, err := h.webhooks().Create(t.Context(), &historyv1.WebhooksCreateRequest{Url: to.url, Rooms: []string{"lobby"}, AfterSeq: &seq}); err != nil {
		t.Fatal(err)
	}
	to.has("lobby", 51, 252)
	for _, d := range to.deliveries() {
		for _, e := range d.Events {
			if e.Seq == 100 && e.Message.Text != "" {
				t.Errorf("what was erased is told: %+v", e)
			}
		}
	}
}

// TestAGapIsNeverSilent: a webhook that was disabled until the log was purged
// says so, and goes on only if that is accepted.
func TestAGapIsNeverSilent(t *testing.T) {
	h := startHooked(t, natstest.Start(t), t.TempDir())
	to := newReceiver(t)
	id, hooks := h.hook(to, "*"), h.webhooks()
	no, yes := false, true
	if _, err := hooks.Update(t.Context(), &historyv1.WebhooksUpdateRequest{Id: id, Enabled: &no}); err != nil {
		t.Fatal(err)
	}
	h.must(create("c1", "lobby", "ana"))
	for n := range 5 {
		h.must(send(fmt.Sprint("s", n), "lobby", "ana", message(fmt.Sprint("m", n), "never told", 1)))
	}
	partition := subject.Partition("lobby", h.partitions)
	stream, err := h.js.Stream(t.Context(), subject.LogStream(partition))
	if err != nil {
		t.Fatal(err)
	}
	last := stream.CachedInfo().State.LastSeq
	if err := h.Service.webhooks.beforePurge(t.Context(), partition, stream, last); err != nil {
		t.Fatal(err)
	}
	got, err := hooks.Get(t.Context(), &historyv1.WebhooksGetRequest{Id: id})
	if err != nil || got.GetWebhook().GetEnabled() {
		t.Errorf("before the purge it is %v, %v", got, err)
	}
	if err := stream.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := hooks.Update(t.Context(), &historyv1.WebhooksUpdateRequest{Id: id, Enabled: &yes}); status.Code(err) != codes.FailedPrecondition || !strings.Contains(err.Error(), "accept-gap") {
		t.Errorf("it is enabled over the gap: %v", err)
	}
	if _, err := hooks.Update(t.Context(), &historyv1.WebhooksUpdateRequest{Id: id, Enabled: &yes, AcceptGap: true}); err != nil {
		t.Fatal(err)
	}
	h.must(send("s9", "lobby", "ana", message("m9", "told", 1)))
	natstest.Eventually(t, 2*time.Minute, "what came after the gap is told", func() bool { return slices.Equal(to.seqs("lobby"), []uint32{7}) })
}

// TestADeletedWebhookLeavesNothing in the bucket, and no consumer.
func TestADeletedWebhookLeavesNothing(t *testing.T) {
	h := startHooked(t, natstest.Start(t), t.TempDir())
	to := newReceiver(t)
	to.set(func(delivered, http.ResponseWriter) int { return http.StatusInternalServerError })
	id := h.hook(to, "*")
	h.must(create("c1", "lobby", "ana"))
	natstest.Eventually(t, 2*time.Minute, "it is tried", func() bool { return to.attempts() > 1 })
	if _, err := h.webhooks().Delete(t.Context(), &historyv1.WebhooksDeleteRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	natstest.Eventually(t, 2*time.Minute, "nothing is left of it", func() bool {
		left := 0
		for p := range h.partitions {
			places, err := h.Service.webhooks.shelf.Places(t.Context(), p)
			stream, streamErr := h.js.Stream(t.Context(), subject.LogStream(p))
			if err != nil || streamErr != nil {
				return false
			}
			left += len(places) + stream.CachedInfo().State.Consumers
		}
		rooms, err := h.Service.webhooks.shelf.AllRooms(t.Context(), id, 0)
		return err == nil && left+len(rooms) == 0
	})
}

// TestPostAsABotOrOnBehalf: an admin posts as whom they name, who need not be a
// member, with an admin's rights and not with that user's: also where that
// user is muted. A service's token posts as nobody.
func TestPostAsABotOrOnBehalf(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	h.must(create("c1", "lobby", "ana"))
	messages := historyv1.NewMessagesClient(h.grpc(usersAdminToken))
	bot, err := messages.Post(t.Context(), &historyv1.PostRequest{Room: "lobby", User: "weather-bot", Name: "Weather", ClientMsgId: "b1", Text: "rain"})
	if err != nil || bot.GetSeq() != 2 {
		t.Fatalf("a bot's post: %v, %v", bot, err)
	}
	again, err := messages.Post(t.Context(), &historyv1.PostRequest{Room: "lobby", User: "weather-bot", Name: "Weather", ClientMsgId: "b1", Text: "rain"})
	if err != nil || again.GetSeq() != 2 || !again.GetDuplicate() {
		t.Errorf("the same post again: %v, %v", again, err)
	}
	if _, err := messages.Post(t.Context(), &historyv1.PostRequest{Room: "lobby", User: "ana", ClientMsgId: "a1", Text: "on behalf"}); err != nil {
		t.Errorf("on behalf of a member: %v", err)
	}
	for i, want := range []struct{ user, name string }{{"weather-bot", "Weather"}, {"ana", "ana"}} {
		got, err := messages.Get(t.Context(), &historyv1.MessagesGetRequest{Room: "lobby", Seq: uint32(i) + 2})
		if m := got.GetMessage(); err != nil || m.GetUser() != want.user || m.GetName() != want.name {
			t.Errorf("seq %d is by %v, %v", i+2, m, err)
		}
	}
	service := historyv1.NewMessagesClient(h.grpc(usersServiceToken))
	if _, err := service.Post(t.Context(), &historyv1.PostRequest{Room: "lobby", User: "ana", ClientMsgId: "x1", Text: "x"}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a service posts: %v", err)
	}
	if _, err := messages.Post(t.Context(), &historyv1.PostRequest{Room: "lobby", ClientMsgId: "x1", Text: "x"}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("nobody posts: %v", err)
	}
}
