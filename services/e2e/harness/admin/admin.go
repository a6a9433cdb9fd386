// Package admin asks history over gRPC, as an operator's tool does.
package admin

import (
	"context"
	"fmt"

	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// Client of one history service. Safe for concurrent use.
type Client struct {
	conn *grpc.ClientConn
	// Rooms and Messages are the services as they are.
	Rooms    historyv1.RoomsClient
	Messages historyv1.MessagesClient
	Users    historyv1.UsersClient
	Webhooks historyv1.WebhooksClient
	// Gateways is there where a gateway was dialled, or the standalone program.
	Gateways gatewayv1.GatewaysClient
}

// Dial makes a client with an admin token. It does not wait.
func Dial(target, token string) (*Client, error) {
	conn, err := rpc.Dial(target, token, config.TLS{})
	if err != nil {
		return nil, err
	}
	return &Client{
		conn: conn, Rooms: historyv1.NewRoomsClient(conn), Messages: historyv1.NewMessagesClient(conn),
		Users: historyv1.NewUsersClient(conn), Webhooks: historyv1.NewWebhooksClient(conn), Gateways: gatewayv1.NewGatewaysClient(conn),
	}, nil
}

// Close ends it.
func (c *Client) Close() error { return c.conn.Close() }

// page is the most events of one answer.
const page = 500

// Log is the whole log of a room as it is stored, seq 1 to head. It waits
// until the store has come that far.
func (c *Client) Log(ctx context.Context, room string, head uint32) ([]*chatv1.Event, error) {
	var all []*chatv1.Event
	for uint32(len(all)) < head {
		answer, err := c.Messages.Events(ctx, &historyv1.EventsRequest{Room: room, After: uint32(len(all)), Limit: page}, grpc.WaitForReady(true))
		if err != nil {
			return nil, fmt.Errorf("events of %s after %d: %w", room, len(all), err)
		}
		for _, event := range answer.GetEvents() {
			if want := uint32(len(all)) + 1; event.GetSeq() != want {
				return nil, fmt.Errorf("the stored log of %s has seq %d where %d should be", room, event.GetSeq(), want)
			}
			all = append(all, event)
		}
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("the stored log of %s ends at %d of %d: %w", room, len(all), head, context.Cause(ctx))
		}
	}
	return all, nil
}
