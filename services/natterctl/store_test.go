package natterctl

import (
	"context"
	"strings"
	"testing"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// storeFixture is history's Store, as a server answers.
type storeFixture struct {
	historyv1.UnimplementedStoreServer
	status   *historyv1.StatusResponse
	accepted *historyv1.AcceptGapRequest
}

func (f *storeFixture) Status(context.Context, *historyv1.StatusRequest) (*historyv1.StatusResponse, error) {
	return f.status, nil
}

func (f *storeFixture) AcceptGap(_ context.Context, in *historyv1.AcceptGapRequest) (*historyv1.AcceptGapResponse, error) {
	f.accepted = in
	return &historyv1.AcceptGapResponse{Epoch: 1700000000000, Dropped: 7}, nil
}

// presenceState is presence's Status alone.
type presenceState struct {
	presencev1.UnimplementedPresenceServer
	status *presencev1.StatusResponse
}

func (p presenceState) Status(context.Context, *presencev1.StatusRequest) (*presencev1.StatusResponse, error) {
	return p.status, nil
}

// TestStatusOfPresence: every replica has a row, and one that is not well is told
// of whichever was asked.
func TestStatusOfPresence(t *testing.T) {
	server, err := rpc.NewServer(rpc.ServerConfig{ServiceToken: serviceToken, AdminToken: adminToken})
	if err != nil {
		t.Fatal(err)
	}
	presencev1.RegisterPresenceServer(server, presenceState{status: &presencev1.StatusResponse{Replica: "pre-b", Replicas: 3, States: []*presencev1.ReplicaStatus{
		{Replica: "pre-a", NotReady: []string{"presence: gw-9 does not tell"}}, {Replica: "pre-b"}, {Replica: "pre-c"},
	}}})
	t.Setenv("NATTER_GRPC_ADDR", listen(t, server.Server).Addr().String())
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
	r := natterctl(t, "status")
	table := strings.Join(strings.Fields(r.stdout), " ")
	for _, row := range []string{"presence pre-b yes 3 replicas,", "presence pre-a no alive; presence: gw-9 does not tell", "presence pre-c yes alive"} {
		if !strings.Contains(table, row) {
			t.Errorf("%q is not in\n%s", row, r.stdout)
		}
	}
	if r.exit != command.ExitPartly || strings.Count(r.stderr, "presence pre-a is not ready: presence: gw-9 does not tell") != 1 {
		t.Errorf("exit %d: %s", r.exit, r.stderr)
	}
}

func serveStore(t *testing.T, f *storeFixture) {
	t.Helper()
	server, err := rpc.NewServer(rpc.ServerConfig{ServiceToken: serviceToken, AdminToken: adminToken})
	if err != nil {
		t.Fatal(err)
	}
	historyv1.RegisterStoreServer(server, f)
	t.Setenv("NATTER_GRPC_ADDR", listen(t, server.Server).Addr().String())
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
}

func TestStoreStatus(t *testing.T) {
	f := &storeFixture{status: &historyv1.StatusResponse{Store: "postgres", Epoch: 5, Partitions: []*historyv1.PartitionStatus{
		{Partition: 0, Owner: "history-a", LogFirst: 11, LogLast: 42, Applied: 40, Behind: 2},
	}}}
	serveStore(t, f)
	r := natterctl(t, "store", "status")
	for _, want := range []string{"postgres", "history-a", "42", "40"} {
		if r.exit != command.ExitDone || !strings.Contains(r.stdout, want) {
			t.Errorf("%q is not in: %d, %s%s", want, r.exit, r.stdout, r.stderr)
		}
	}
	f.status.Partitions[0].Trouble = "a gap"
	if r := natterctl(t, "store", "status"); r.exit != command.ExitPartly || !strings.Contains(r.stdout, "a gap") {
		t.Errorf("with trouble: %d, %s%s", r.exit, r.stdout, r.stderr)
	}
}

// TestStatusOfOneThatWaits: a history that has not begun says what it waits for,
// in a row of its own, and is not well.
func TestStatusOfOneThatWaits(t *testing.T) {
	serveStore(t, &storeFixture{status: &historyv1.StatusResponse{
		Store: "sqlite", Replica: "history-a", Trouble: "waiting for NATS", NotReady: []string{"nats: waiting for NATS"},
	}})
	r := natterctl(t, "status")
	if r.exit != command.ExitPartly || !strings.Contains(strings.Join(strings.Fields(r.stdout), " "), "history history-a no not among the replicas; store sqlite; nats: waiting for NATS") ||
		!strings.Contains(r.stderr, "history history-a is not among the replicas: nats: waiting for NATS") {
		t.Errorf("status: %d, %s%s", r.exit, r.stdout, r.stderr)
	}
	if r := natterctl(t, "store", "status"); r.exit != command.ExitPartly || !strings.Contains(r.stdout, "waiting for NATS") {
		t.Errorf("store status: %d, %s%s", r.exit, r.stdout, r.stderr)
	}
}

func TestStoreAcceptGap(t *testing.T) {
	f := &storeFixture{}
	serveStore(t, f)
	r := natterctl(t, "store", "accept-gap", "--partition", "2", "--from", "10", "--to", "19", "--yes")
	if r.exit != command.ExitDone || f.accepted.GetPartition() != 2 || f.accepted.GetFrom() != 10 || f.accepted.GetTo() != 19 || !strings.Contains(r.stdout, "1700000000000") {
		t.Errorf("%d, %s%s; asked for %v", r.exit, r.stdout, r.stderr, f.accepted)
	}
	if r := natterctl(t, "store", "accept-gap", "--partition", "2"); r.exit != command.ExitUsage {
		t.Errorf("without the range: %d, %s", r.exit, r.stderr)
	}
}
