package command

import (
	"google.golang.org/grpc"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// Client is the services that commands call.
type Client struct {
	Rooms    historyv1.RoomsClient
	Messages historyv1.MessagesClient
	Users    historyv1.UsersClient
	Presence presencev1.PresenceClient
	Gateways gatewayv1.GatewaysClient
	Store    historyv1.StoreClient
	Audit    historyv1.AuditClient
	Webhooks historyv1.WebhooksClient
}

// NewClient calls each service through its connection; they may be the same.
func NewClient(history, presence, gateway grpc.ClientConnInterface) *Client {
	return &Client{
		Rooms:    historyv1.NewRoomsClient(history),
		Messages: historyv1.NewMessagesClient(history),
		Users:    historyv1.NewUsersClient(history),
		Presence: presencev1.NewPresenceClient(presence),
		Gateways: gatewayv1.NewGatewaysClient(gateway),
		Store:    historyv1.NewStoreClient(history),
		Audit:    historyv1.NewAuditClient(history),
		Webhooks: historyv1.NewWebhooksClient(history),
	}
}
