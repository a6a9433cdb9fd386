package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// allGateways waits until the gateway that is asked knows all of them, and gives
// their ids.
func allGateways(t *testing.T, d *shape.Deployment, gateways gatewayv1.GatewaysClient) []string {
	t.Helper()
	var ids []string
	natstest.Eventually(t, client.Patience, "all gateways know of each other", func() bool {
		answer, err := gateways.List(t.Context(), &gatewayv1.ListRequest{})
		ids = nil
		for _, g := range answer.GetGateways() {
			ids = append(ids, g.GetGateway())
		}
		return err == nil && len(ids) == len(d.Gateways)
	})
	return ids
}

// TestSessionsAreListed over all gateways, whichever is asked, and narrowed to
// a user, a room or a gateway.
func TestSessionsAreListed(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		again := enter(t, d, 1, ana.user)
		room := unique(t, "room")
		ana.create(room, nil)
		bo.view("join", M{"room": room})
		again.await("the room is live", 0, func(f client.Frame) bool { return f.Room != nil && f.Room.Room == room })
		for _, target := range d.GatewayRPC {
			gateways := dialAdmin(t, target, d.AdminToken).Gateways
			ids := allGateways(t, d, gateways)
			for _, c := range []struct {
				q    *gatewayv1.ListSessionsRequest
				want []*session
			}{
				{&gatewayv1.ListSessionsRequest{User: ana.user}, []*session{ana, again}},
				{&gatewayv1.ListSessionsRequest{Room: room}, []*session{ana, again, bo}},
				{&gatewayv1.ListSessionsRequest{Room: room, User: bo.user}, []*session{bo}},
			} {
				answer, err := gateways.ListSessions(t.Context(), c.q)
				if err != nil || len(answer.GetSilent()) != 0 || int(answer.GetTotal()) != len(c.want) {
					t.Fatalf("%v: %v, %v", c.q, answer, err)
				}
				var got, want []string
				for _, s := range answer.GetSessions() {
					got = append(got, s.GetSession()+" "+s.GetUser())
					if !slices.Contains(ids, s.GetGateway()) {
						t.Errorf("%v is on a gateway that is not listed", s)
					}
				}
				for _, s := range c.want {
					want = append(want, s.welcome.Session+" "+s.user)
				}
				if slices.Sort(want); !slices.Equal(got, want) {
					t.Errorf("%v: %v, want %v", c.q, got, want)
				}
			}
			if _, err := gateways.ListSessions(t.Context(), &gatewayv1.ListSessionsRequest{Gateway: "nowhere"}); status.Code(err) != codes.NotFound {
				t.Errorf("a gateway that is not there: %v", err)
			}
		}
	})
}

// TestAnnouncements reach the sessions that are meant, on all gateways.
func TestAnnouncements(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo, eve := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), enter(t, d, 1, unique(t, "eve"))
		room := unique(t, "room")
		ana.create(room, nil)
		bo.view("join", M{"room": room})
		gateways := dialAdmin(t, d.GatewayRPC[0], d.AdminToken).Gateways
		allGateways(t, d, gateways)
		for _, c := range []struct {
			q    *gatewayv1.AnnounceRequest
			want []*session
		}{
			{&gatewayv1.AnnounceRequest{Text: "to the room " + room, Room: room}, []*session{ana, bo}},
			{&gatewayv1.AnnounceRequest{Text: "to eve " + room, User: eve.user}, []*session{eve}},
		} {
			answer, err := gateways.Announce(t.Context(), c.q)
			if err != nil || int(answer.GetSessions()) != len(c.want) || int(answer.GetGateways()) != len(d.Gateways) || len(answer.GetSilent()) > 0 {
				t.Errorf("%v: %v, %v", c.q, answer, err)
			}
			for _, s := range c.want {
				notice := s.await("the notice", 0, func(f client.Frame) bool { return f.Notice != nil && f.Notice.Text == c.q.GetText() }).Notice
				if notice.Room != c.q.GetRoom() {
					t.Errorf("%+v", notice)
				}
			}
		}
		if _, err := gateways.Announce(t.Context(), &gatewayv1.AnnounceRequest{Text: "to all " + room}); err != nil {
			t.Error(err)
		}
		for _, s := range []*session{ana, bo, eve} {
			s.await("the notice to all", 0, func(f client.Frame) bool { return f.Notice != nil && f.Notice.Text == "to all "+room })
			for _, f := range s.Since(0) {
				if f.Notice != nil && s != eve && strings.HasPrefix(f.Notice.Text, "to eve ") || f.Notice != nil && s == eve && strings.HasPrefix(f.Notice.Text, "to the room "+room) {
					t.Errorf("%s heard %q", s.user, f.Notice.Text)
				}
			}
		}
	})
}

// TestAStalledGatewayIsNamed: whoever asks learns whose sessions are not in the
// answer, and it does not take for ever.
func TestAStalledGatewayIsNamed(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split())
	ana := enter(t, d, 0, unique(t, "ana"))
	enter(t, d, 1, ana.user)
	gateways := dialAdmin(t, d.GatewayRPC[0], d.AdminToken).Gateways
	allGateways(t, d, gateways)
	other, err := dialAdmin(t, d.GatewayRPC[1], d.AdminToken).Gateways.ListSessions(t.Context(), &gatewayv1.ListSessionsRequest{User: ana.user})
	if err != nil || len(other.GetSessions()) != 2 {
		t.Fatalf("%v, %v", other, err)
	}
	stalled := other.GetSessions()[0].GetGateway()
	for _, s := range other.GetSessions() {
		if s.GetSession() != ana.welcome.Session {
			stalled = s.GetGateway()
		}
	}
	process := d.Process("gateway-2")
	pause := func() {
		t.Helper()
		if err := process.Continue(); err != nil {
			t.Fatal(err)
		}
		allGateways(t, d, gateways) // it is known for ten seconds from now on
		if err := process.Pause(); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = process.Continue() })

	pause()
	sessions, err := gateways.ListSessions(t.Context(), &gatewayv1.ListSessionsRequest{User: ana.user})
	if err != nil || len(sessions.GetSessions()) != 1 || !slices.Equal(sessions.GetSilent(), []string{stalled}) {
		t.Errorf("sessions: %v, %v; %s is stalled", sessions, err, stalled)
	}
	pause()
	told, err := gateways.Announce(t.Context(), &gatewayv1.AnnounceRequest{Text: "hello", User: ana.user})
	if err != nil || told.GetSessions() != 1 || !slices.Equal(told.GetSilent(), []string{stalled}) {
		t.Errorf("announce: %v, %v", told, err)
	}
	pause()
	thrown, err := gateways.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: ana.user, MayReturn: true})
	if err != nil || thrown.GetSessions() != 1 || !slices.Equal(thrown.GetSilent(), []string{stalled}) {
		t.Errorf("disconnect: %v, %v", thrown, err)
	}
	pause()
	if _, err := gateways.Drain(t.Context(), &gatewayv1.DrainRequest{Gateway: stalled}); status.Code(err) != codes.Unavailable {
		t.Errorf("drain: %v", err)
	}
}

// TestADrainedGateway sends its clients to the other, and takes none until it
// starts again; nothing is lost on the way.
func TestADrainedGateway(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Split())
	gateways := dialAdmin(t, d.GatewayRPC[0], d.AdminToken).Gateways
	allGateways(t, d, gateways)
	ana, bo, room := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), unique(t, "room")
	ana.create(room, nil)
	bo.view("join", M{"room": room})
	list, err := gateways.ListSessions(t.Context(), &gatewayv1.ListSessionsRequest{User: bo.user})
	if err != nil || len(list.GetSessions()) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	answer, err := gateways.Drain(t.Context(), &gatewayv1.DrainRequest{Gateway: list.GetSessions()[0].GetGateway(), Within: durationpb.New(time.Second)})
	if err != nil || answer.GetSessions() != 1 || answer.GetDuplicate() {
		t.Fatalf("%v, %v", answer, err)
	}
	bo.await("goaway", 0, func(f client.Frame) bool { return f.Goaway != nil })
	bo.closed(4001)
	seq := ana.send(room, "while bo is away").Seq
	back := bo.back(d, 0)
	if err := back.AwaitSeq(t.Context(), room, seq); err != nil {
		t.Error(err)
	}
	if _, err := client.Dial(t.Context(), gateway(d, 1), client.Options{}); err == nil {
		t.Error("a drained gateway takes a client")
	}
	if _, err := gateways.Drain(t.Context(), &gatewayv1.DrainRequest{}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("the last gateway drains: %v", err)
	}
}
