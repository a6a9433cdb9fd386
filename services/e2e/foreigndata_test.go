package e2e_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestForeignDataStaysForeign: whatever actor a caller names, in metadata or in
// any field of a request, it gets what that one caller may see. Only a service
// names users at all, one at a time.
func TestForeignDataStaysForeign(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, eve, room := unique(t, "ana"), unique(t, "eve"), unique(t, "den")
		const said = "whatonlyanamayread"
		operator := dialAdmin(t, d.History, d.AdminToken)
		if _, err := operator.Rooms.Create(t.Context(), &historyv1.CreateRequest{Room: room, Name: "The den", Kind: chatv1.RoomKind_PRIVATE, Owner: ana}); err != nil {
			t.Fatal(err)
		}
		posted, err := operator.Messages.Post(t.Context(), &historyv1.PostRequest{Room: room, User: ana, Text: said, ClientMsgId: "1"})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := operator.Messages.List(t.Context(), &historyv1.MessagesListRequest{Room: room, MinSeq: posted.GetSeq()}); err != nil {
			t.Fatal(err)
		}
		history := plainly(t, d.History)
		presence := plainly(t, presenceOf(d))
		asks := map[string]func(ctx context.Context) (proto.Message, error){
			"Rooms.Get": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewRoomsClient(history).Get(ctx, &historyv1.GetRequest{Room: room})
			},
			"Rooms.List": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewRoomsClient(history).List(ctx, &historyv1.ListRequest{Query: "den", Limit: 100})
			},
			"Rooms.ListMembers": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewRoomsClient(history).ListMembers(ctx, &historyv1.ListMembersRequest{Room: room})
			},
			"Messages.List": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewMessagesClient(history).List(ctx, &historyv1.MessagesListRequest{Room: room})
			},
			"Messages.Get": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewMessagesClient(history).Get(ctx, &historyv1.MessagesGetRequest{Room: room, Seq: posted.GetSeq()})
			},
			"Messages.Events": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewMessagesClient(history).Events(ctx, &historyv1.EventsRequest{Room: room, Limit: 100})
			},
			"Messages.Search": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewMessagesClient(history).Search(ctx, &historyv1.SearchRequest{Query: said})
			},
			"Messages.Search, of hers": func(ctx context.Context) (proto.Message, error) {
				return historyv1.NewMessagesClient(history).Search(ctx, &historyv1.SearchRequest{Query: said, Room: room, From: ana})
			},
			"Presence.ListRoom": func(ctx context.Context) (proto.Message, error) {
				return presencev1.NewPresenceClient(presence).ListRoom(ctx, &presencev1.ListRoomRequest{Room: room})
			},
			"Presence.GetUsers": func(ctx context.Context) (proto.Message, error) {
				return presencev1.NewPresenceClient(presence).GetUsers(ctx, &presencev1.GetUsersRequest{Users: []string{ana}})
			},
			"Presence.Watch": func(ctx context.Context) (proto.Message, error) {
				ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
				defer cancel()
				stream, err := presencev1.NewPresenceClient(presence).Watch(ctx, &presencev1.WatchRequest{Room: room})
				if err != nil {
					return nil, err
				}
				return stream.Recv()
			},
		}
		enter(t, d, 0, ana)
		for who, md := range map[string]metadata.MD{
			"another user":     metadata.Join(bearing(d.ServiceToken), metadata.Pairs("natter-user", eve)),
			"nobody":           bearing(d.ServiceToken),
			"both":             metadata.Join(bearing(d.ServiceToken), metadata.Pairs("natter-user", eve, "natter-user", ana)),
			"two in one":       metadata.Join(bearing(d.ServiceToken), metadata.Pairs("natter-user", eve+","+ana)),
			"one in a binary":  metadata.Join(bearing(d.ServiceToken), metadata.Pairs("natter-user", eve, "natter-user-bin", ana)),
			"another key":      metadata.Join(bearing(d.ServiceToken), metadata.Pairs("natter_user", ana, "user", ana, "x-natter-user", ana)),
			"an admin as her":  metadata.Join(bearing(d.AdminToken), metadata.Pairs("natter-user", ana)),
			"no token, as her": metadata.Pairs("natter-user", ana),
		} {
			for method, ask := range asks {
				ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), md), client.Patience)
				answer, err := ask(ctx)
				cancel()
				if err != nil {
					if code := status.Code(err); code != codes.NotFound && code != codes.InvalidArgument && code != codes.PermissionDenied && code != codes.Unauthenticated && code != codes.DeadlineExceeded {
						t.Errorf("%s asks %s: %v", who, method, err)
					}
					continue
				}
				data, err := proto.Marshal(answer)
				if err != nil {
					t.Fatal(err)
				}
				for _, hers := range []string{said, ana, room} {
					if bytes.Contains(data, []byte(hers)) {
						t.Errorf("%s asks %s, and learns %q: %v", who, method, hers, answer)
					}
				}
			}
		}
		for method, ask := range asks { // and she herself has it all, once presence has heard of her
			natstest.Eventually(t, client.Patience, "she herself asks "+method, func() bool {
				ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(t.Context(), metadata.Join(bearing(d.ServiceToken), metadata.Pairs("natter-user", ana))), client.Patience)
				defer cancel()
				answer, err := ask(ctx)
				return err == nil && proto.Size(answer) > 0
			})
		}
	})
}

// presenceOf is where presence is asked; a door leads to all services.
func presenceOf(d *shape.Deployment) string {
	if d.Presence == "" {
		return d.History
	}
	return d.Presence
}
