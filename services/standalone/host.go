package standalone

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/run"
)

// hostWithin bounds how long a guest waits for the room that they come to.
const hostWithin = 5 * time.Second

// host sees to it that there is a room to come to.
type host struct {
	turn chan struct{} // a place for one at a time
	done atomic.Bool
}

func newHost() *host { return &host{turn: make(chan struct{}, 1)} }

// hosting makes the default room when the first user comes, and not before: a
// backup that has a room of this name can be restored into a program that just
// started.
func (n *Natter) hosting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/ws" || r.URL.Path == "/v1/guest" {
			n.prepareRoom(r.Context())
		}
		next.ServeHTTP(w, r)
	})
}

// serveHTTP is the task that serves the public.
func (n *Natter) serveHTTP() func(ctx context.Context) error {
	h := n.hosting(n.gateway.Handler())
	return run.HTTP(n.gateway.Porch(n.http, h), h, n.log)
}

// prepareRoom makes the room once. Where that fails, the next user's coming is
// the next attempt.
func (n *Natter) prepareRoom(ctx context.Context) {
	if n.host.done.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, hostWithin)
	defer cancel()
	select {
	case n.host.turn <- struct{}{}:
		defer func() { <-n.host.turn }()
	case <-ctx.Done():
		return
	}
	if n.host.done.Load() {
		return
	}
	err := n.defaultRoom(ctx)
	if err != nil && ctx.Err() == nil {
		n.log.Warn("the room that the page opens first is not there", "error", err)
	}
	n.host.done.Store(err == nil)
}

// defaultRoom makes the room that the page opens first. One that is there, or
// was deleted, is left alone.
func (n *Natter) defaultRoom(ctx context.Context) error {
	room := n.settings.Gateway.DefaultRoom
	if room == "" {
		return nil
	}
	conn := n.rpc.Inside(n.settings.Secrets.AdminToken)
	_, err := historyv1.NewRoomsClient(conn).Create(ctx, &historyv1.CreateRequest{
		Room: room, Name: room, Kind: chatv1.RoomKind_PUBLIC, Topic: "Everybody is welcome",
	})
	if err == nil || status.Code(err) == codes.AlreadyExists || rpc.RefusalOf(err).GetCode() == chatv1.ErrorCode_CONFLICT {
		return nil
	}
	return fmt.Errorf("make the room %s: %w", room, err)
}
