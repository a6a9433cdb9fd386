package gateway

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// twoGateways that know of each other, and an admin who asks the first.
func twoGateways(t *testing.T) (a, b *rig, admin gatewayv1.GatewaysClient) {
	t.Helper()
	a = start(t)
	b = startWith(t, a.nats, a.town)
	eventually(t, "they know of each other", func() bool { return a.control.knows(b.instance) && b.control.knows(a.instance) })
	a.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC, "bo")
	return a, b, a.admins(t, "an-admin-token-of-tests")
}

// TestSessionsOfAllGateways are listed by id, page by page, each once, whichever
// gateway is asked.
func TestSessionsOfAllGateways(t *testing.T) {
	t.Parallel()
	a, b, admin := twoGateways(t)
	for i := range 7 {
		a.hello(t, fmt.Sprintf("user-%d", i))
		b.hello(t, fmt.Sprintf("user-%d", i))
	}
	a.hello(t, "ana")
	b.hello(t, "bo")
	list := func(q *gatewayv1.ListSessionsRequest) (sessions []*gatewayv1.SessionInfo, total int) {
		t.Helper()
		for {
			page, err := admin.ListSessions(t.Context(), q)
			if err != nil || len(page.GetSilent()) > 0 || q.Limit > 0 && len(page.GetSessions()) > int(q.Limit) {
				t.Fatalf("%v, %v", page, err)
			}
			sessions, total = append(sessions, page.GetSessions()...), int(page.GetTotal())
			if q.Cursor = page.GetCursor(); q.Cursor == "" {
				return sessions, total
			}
		}
	}
	for _, limit := range []uint32{0, 1, 3, 16} {
		all, total := list(&gatewayv1.ListSessionsRequest{Limit: limit})
		if len(all) != 16 || total != 16 {
			t.Errorf("by %d: %d of %d are listed, want all 16", limit, len(all), total)
		}
		for i := 1; i < len(all); i++ {
			if all[i-1].GetSession() >= all[i].GetSession() {
				t.Errorf("by %d: %s comes before %s", limit, all[i-1].GetSession(), all[i].GetSession())
			}
		}
	}
	for _, c := range []struct {
		q    *gatewayv1.ListSessionsRequest
		want int
	}{
		{&gatewayv1.ListSessionsRequest{User: "user-3"}, 2},
		{&gatewayv1.ListSessionsRequest{User: "user-3", Gateway: b.instance}, 1},
		{&gatewayv1.ListSessionsRequest{User: "user-3", Room: "lobby"}, 0},
		{&gatewayv1.ListSessionsRequest{Room: "lobby"}, 2},
		{&gatewayv1.ListSessionsRequest{Room: "lobby", User: "bo"}, 1},
		{&gatewayv1.ListSessionsRequest{Room: "nowhere"}, 0},
		{&gatewayv1.ListSessionsRequest{Gateway: a.instance}, 8},
	} {
		got, total := list(c.q)
		if len(got) != c.want || total != c.want {
			t.Errorf("%v: %v and a total of %d, want %d", c.q, got, total, c.want)
		}
		for _, s := range got {
			if c.q.GetGateway() != "" && s.GetGateway() != c.q.GetGateway() {
				t.Errorf("%v: %v", c.q, s)
			}
		}
	}
}

// TestSilentGatewaysAreNamed in every answer of all gateways.
func TestSilentGatewaysAreNamed(t *testing.T) {
	t.Parallel()
	a, _, admin := twoGateways(t)
	for what, ask := range map[string]func() ([]string, error){
		"list": func() ([]string, error) {
			r, err := admin.List(t.Context(), &gatewayv1.ListRequest{})
			if len(r.GetGateways()) != 2 {
				t.Errorf("%v", r)
			}
			return r.GetSilent(), err
		},
		"sessions": func() ([]string, error) {
			r, err := admin.ListSessions(t.Context(), &gatewayv1.ListSessionsRequest{})
			return r.GetSilent(), err
		},
		"announce": func() ([]string, error) {
			r, err := admin.Announce(t.Context(), &gatewayv1.AnnounceRequest{Text: "x"})
			return r.GetSilent(), err
		},
		"sessions of that one": func() ([]string, error) {
			r, err := admin.ListSessions(t.Context(), &gatewayv1.ListSessionsRequest{Gateway: "dead"})
			return r.GetSilent(), err
		},
	} {
		a.control.heard("dead", false, time.Now()) // died without a word
		if silent, err := ask(); err != nil || fmt.Sprint(silent) != "[dead]" {
			t.Errorf("%s: %v, %v", what, silent, err)
		}
	}
	a.control.heard("dead", false, time.Now())
	if _, err := admin.Drain(t.Context(), &gatewayv1.DrainRequest{Gateway: "dead"}); grpcstatus.Code(err) != codes.Unavailable {
		t.Errorf("a gateway that does not answer drains: %v", err)
	}
}

// TestAnnounce tells whom it is for, and nobody else.
func TestAnnounce(t *testing.T) {
	t.Parallel()
	a, b, admin := twoGateways(t)
	ana, _ := a.hello(t, "ana")
	bo, _ := b.hello(t, "bo")
	eve, _ := b.hello(t, "eve")
	data, err := structpb.NewStruct(map[string]any{"level": "warning"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		q    *gatewayv1.AnnounceRequest
		want []*client
	}{
		{&gatewayv1.AnnounceRequest{Text: "to all", Data: data}, []*client{ana, bo, eve}},
		{&gatewayv1.AnnounceRequest{Text: "to the lobby", Room: "lobby"}, []*client{ana, bo}},
		{&gatewayv1.AnnounceRequest{Text: "to eve", User: "eve"}, []*client{eve}},
		{&gatewayv1.AnnounceRequest{Text: "to nobody", User: "nobody"}, nil},
	} {
		answer, err := admin.Announce(t.Context(), c.q)
		if err != nil || int(answer.GetSessions()) != len(c.want) || answer.GetGateways() != 2 {
			t.Errorf("%v: %v, %v", c.q, answer, err)
		}
		for _, to := range c.want { // who is told nothing of another notice gets it out of turn
			notice := to.expect("notice")
			if notice["text"] != c.q.GetText() || c.q.GetRoom() != "" && notice["room"] != c.q.GetRoom() || c.q.Data != nil && notice["data"].(object)["level"] != "warning" {
				t.Errorf("%v came as %v", c.q, notice)
			}
		}
	}
	for field, q := range map[string]*gatewayv1.AnnounceRequest{
		"text": {Text: " "}, "user": {Text: "x", User: "ana", Room: "lobby"}, "room": {Text: "x", Room: strings.Repeat("r", 65)},
	} {
		if _, err := admin.Announce(t.Context(), q); grpcstatus.Code(err) != codes.InvalidArgument || rpc.RefusalOf(err).GetField() != field {
			t.Errorf("%v: %v", q, err)
		}
	}
}

// TestDrainedGateway sends its clients away and takes no more, while the other
// goes on; the last one is drained by force alone.
func TestDrainedGateway(t *testing.T) {
	t.Parallel()
	a, b, admin := twoGateways(t)
	here, _ := a.hello(t, "ana")
	there, _ := b.hello(t, "bo")
	for range 2 { // the second time it is so already
		answer, err := admin.Drain(t.Context(), &gatewayv1.DrainRequest{Gateway: b.instance, Within: durationpb.New(100 * time.Millisecond)})
		if err != nil || answer.GetGateway() != b.instance || answer.GetOverAt() == nil {
			t.Fatalf("%v, %v", answer, err)
		}
	}
	there.expect("goaway")
	there.ends(closeGoingAway)
	here.must("pong", "ping", object{})
	list, err := admin.List(t.Context(), &gatewayv1.ListRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range list.GetGateways() {
		drained := g.GetGateway() == b.instance
		if g.GetDraining() != drained || len(g.GetNotReady()) > 0 != drained {
			t.Errorf("%v", g)
		}
	}
	if _, err := admin.Drain(t.Context(), &gatewayv1.DrainRequest{}); grpcstatus.Code(err) != codes.PermissionDenied || rpc.RefusalOf(err).GetField() != "force" {
		t.Errorf("the last gateway drains: %v", err)
	}
	if answer, err := admin.Drain(t.Context(), &gatewayv1.DrainRequest{Force: true, Within: durationpb.New(0)}); err != nil || answer.GetGateway() != a.instance || answer.GetSessions() != 1 {
		t.Errorf("%v, %v", answer, err)
	}
	here.ends(closeGoingAway)
}

// TestWhoMayNotLookAfterGateways: a service may nothing of it.
func TestWhoMayNotLookAfterGateways(t *testing.T) {
	t.Parallel()
	service := start(t).admins(t, "a-service-token-of-tests")
	for what, err := range map[string]error{
		"list":     errorOf(service.List(t.Context(), &gatewayv1.ListRequest{})),
		"sessions": errorOf(service.ListSessions(t.Context(), &gatewayv1.ListSessionsRequest{})),
		"announce": errorOf(service.Announce(t.Context(), &gatewayv1.AnnounceRequest{Text: "x"})),
		"drain":    errorOf(service.Drain(t.Context(), &gatewayv1.DrainRequest{Force: true})),
	} {
		if grpcstatus.Code(err) != codes.PermissionDenied {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }
