package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// BenchmarkHello is from the first byte of the connection to the welcome, for
// a user of 1,000 rooms (of which 200 become live).
func BenchmarkHello(b *testing.B) {
	d := alone(b, shape.Standalone(), withoutLimits()...)
	a, err := admin.Dial(d.History, d.AdminToken)
	if err != nil {
		b.Fatal(err)
	}
	defer a.Close()
	var group errgroup.Group
	group.SetLimit(32)
	for n := range 1000 {
		group.Go(func() error {
			_, err := a.Rooms.Create(b.Context(), &historyv1.CreateRequest{Room: fmt.Sprint("room-", n), Name: "room", Kind: chatv1.RoomKind_PUBLIC, Owner: "ana"})
			return err
		})
	}
	if err := group.Wait(); err != nil {
		b.Fatal(err)
	}
	hello := M{"token": token.For("ana", "Ana").Sign(d.JWTSecret)}
	var took time.Duration
	for b.Loop() {
		began := time.Now()
		c, err := client.Dial(b.Context(), gateway(d, 0), client.Options{})
		if err != nil {
			b.Fatal(err)
		}
		welcome, err := c.Hello(b.Context(), hello)
		if err != nil {
			b.Fatal(err)
		}
		took += time.Since(began)
		if len(welcome.Rooms) != 200 {
			b.Fatalf("%d rooms are live, want 200", len(welcome.Rooms))
		}
		c.Close()
	}
	b.ReportMetric(float64(took.Microseconds())/float64(b.N)/1000, "ms/hello")
}
