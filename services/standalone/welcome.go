package standalone

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/ops"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// welcome waits until everything is ready, sees that there is a room to come
// to, and says where the page is.
func (n *Natter) welcome(ctx context.Context, out io.Writer, checks []ops.Check) error {
	if err := until(ctx, func() bool { return ready(checks) }); err != nil {
		return nil // told to stop meanwhile
	}
	if err := n.defaultRoom(ctx); err != nil {
		return err
	}
	n.welcomed.Store(true)
	_, err := fmt.Fprintf(out, "natter is running: open %s\n", n.URL())
	return err
}

// check keeps people from coming before there is a room for them.
func (n *Natter) check() ops.Check {
	return ops.Check{Name: "default room", Ready: func() error {
		if !n.welcomed.Load() {
			return errors.New("it is being made")
		}
		return nil
	}}
}

func ready(checks []ops.Check) bool {
	for _, c := range checks {
		if c.Ready() != nil {
			return false
		}
	}
	return true
}

func until(ctx context.Context, done func() bool) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
	return nil
}

// defaultRoom makes the room that the page opens first. One that is there, or
// was deleted, is left alone.
func (n *Natter) defaultRoom(ctx context.Context) error {
	room := n.settings.Gateway.DefaultRoom
	if room == "" {
		return nil
	}
	conn, err := rpc.Dial("passthrough:///"+reachable(n.grpc.Addr()), n.settings.Secrets.AdminToken, config.TLS{})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = historyv1.NewRoomsClient(conn).Create(ctx, &historyv1.CreateRequest{
		Room: room, Name: room, Kind: chatv1.RoomKind_PUBLIC, Topic: "Everybody is welcome",
	})
	if err == nil || status.Code(err) == codes.AlreadyExists || rpc.RefusalOf(err).GetCode() == chatv1.ErrorCode_CONFLICT || ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("make the room %s: %w", room, err)
}
