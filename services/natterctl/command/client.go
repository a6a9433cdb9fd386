package command

import (
	"google.golang.org/grpc"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
)

// Client is the services that commands call.
type Client struct {
	Rooms    historyv1.RoomsClient
	Messages historyv1.MessagesClient
	Presence presencev1.PresenceClient
}

// NewClient calls the services through conn.
func NewClient(conn grpc.ClientConnInterface) *Client {
	return &Client{
		Rooms:    historyv1.NewRoomsClient(conn),
		Messages: historyv1.NewMessagesClient(conn),
		Presence: presencev1.NewPresenceClient(conn),
	}
}
