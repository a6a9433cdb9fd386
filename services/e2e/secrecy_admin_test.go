package e2e_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/structpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// writeAsAdmin makes each kind of change that an admin can, with the word in all
// that is free text, well where the token lets it, refused and malformed; and
// gives the secrets that it learned. The audit, as it is told, has the word
// nowhere either.
func writeAsAdmin(t *testing.T, d *shape.Deployment, conn *admin.Client, token string) (secrets []string) {
	t.Helper()
	ctx, room, user := metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", "192.0.2.9"), unique(t, "room"), unique(t, "user")
	data, err := structpb.NewStruct(map[string]any{word: word})
	if err != nil {
		t.Fatal(err)
	}
	topic, url := "topic "+word, "https://localhost:1/"+word+"?token="+word
	// What comes of them is other tests'; here none may be told of.
	_, _ = conn.Rooms.Create(ctx, &historyv1.CreateRequest{Room: room, Name: word, Topic: topic, Kind: chatv1.RoomKind_PUBLIC, Owner: user})
	_, _ = conn.Rooms.Create(ctx, &historyv1.CreateRequest{Room: room, Name: word + " again", Kind: chatv1.RoomKind_PUBLIC})
	_, _ = conn.Rooms.Update(ctx, &historyv1.UpdateRequest{Room: room, Name: &topic, Topic: &topic})
	for _, in := range []string{room, "no-such-room", word + " is no room"} {
		for _, asUser := range []bool{false, true} {
			_, _ = conn.Messages.Post(ctx, &historyv1.PostRequest{Room: in, User: user, Name: word, ClientMsgId: "m" + in, Text: "text " + word, Data: data, AsUser: asUser})
			_, _ = conn.Messages.Post(ctx, &historyv1.PostRequest{Room: in, User: "stranger", ClientMsgId: word, Text: strings.Repeat(word, 2000), AsUser: asUser})
			_, _ = conn.Messages.Post(ctx, &historyv1.PostRequest{Room: in, User: user, ClientMsgId: word + "\n", Text: word, AsUser: asUser})
		}
		_, _ = conn.Rooms.Mute(ctx, &historyv1.MuteRequest{Room: in, User: user})
		_, _ = conn.Rooms.RemoveMember(ctx, &historyv1.RemoveMemberRequest{Room: in, User: user, Reason: "reason " + word})
		_, _ = conn.Rooms.Ban(ctx, &historyv1.BanRequest{Room: in, User: user, Reason: "reason " + word})
		_, _ = conn.Messages.Import(ctx, &historyv1.MessagesImportRequest{Room: in, Events: []*chatv1.Event{
			{User: user, Name: word, ClientMsgId: "imported", TimeMs: 1e12, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: word, Data: data}}},
		}})
		_, _ = conn.Messages.Delete(ctx, &historyv1.MessagesDeleteRequest{Room: in, Seq: 2})
	}
	gateways := gatewayv1.NewGatewaysClient(dialed(t, d.GatewayRPC[0], token))
	for _, text := range []string{"notice " + word, strings.Repeat(word, 100)} {
		_, _ = gateways.Announce(ctx, &gatewayv1.AnnounceRequest{Text: text, Data: data})
		_, _ = gateways.Announce(ctx, &gatewayv1.AnnounceRequest{Text: text, Room: room})
		_, _ = gateways.Disconnect(ctx, &gatewayv1.DisconnectRequest{User: user, Reason: text})
	}
	_, _ = conn.Webhooks.Create(ctx, &historyv1.WebhooksCreateRequest{Url: "ftp://" + word, Name: word, Rooms: []string{"*"}, Secret: word})
	made, err := conn.Webhooks.Create(ctx, &historyv1.WebhooksCreateRequest{Url: url, Name: word, Rooms: []string{room}, Secret: "secret of " + word})
	if err == nil {
		id := made.GetWebhook().GetId()
		_, _ = conn.Messages.Post(ctx, &historyv1.PostRequest{Room: room, User: user, ClientMsgId: "hooked", Text: word})
		_, _ = conn.Webhooks.Test(ctx, &historyv1.WebhooksTestRequest{Id: id})
		rotated, err := conn.Webhooks.Update(ctx, &historyv1.WebhooksUpdateRequest{Id: id, RotateSecret: true, Name: &topic})
		if err != nil {
			t.Fatal(err)
		}
		secrets = append(secrets, rotated.GetSecret())
		_, _ = conn.Webhooks.Update(ctx, &historyv1.WebhooksUpdateRequest{Id: id, Url: &topic})
		_, _ = conn.Webhooks.Delete(ctx, &historyv1.WebhooksDeleteRequest{Id: id})
	}
	if token == d.AdminToken {
		if len(secrets) != 1 {
			t.Errorf("no webhook was made: %v", err)
		}
		told, err := historyv1.NewAuditClient(dialed(t, d.History, token)).List(ctx, &historyv1.AuditListRequest{Limit: 100})
		if err != nil || len(told.GetRecords()) == 0 {
			t.Errorf("the audit: %v, %v", told, err)
		}
		silent(t, "the audit", told.String(), append(secrets, word))
	}
	return secrets
}
