package natstest

import (
	"fmt"
	"log/slog"
	"net"
	"testing"

	"github.com/natter-chat/natter/services/internal/embednats"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// clustered is how many servers a cluster has.
const clustered = 3

// Cluster lays out three servers that keep JetStream together, and starts none:
// [Server.Restart] does, one by one. They stop when the test ends.
func Cluster(t testing.TB) []*Server {
	t.Helper()
	keys, err := natsx.NewKeys(natsx.Operator)
	if err != nil {
		t.Fatal(err)
	}
	clients, routes := addresses(t), addresses(t)
	all := make([]*Server, clustered)
	for i := range all {
		cluster := &natsx.Cluster{Name: "test", Listen: routes[i], Secret: "test"}
		for _, route := range routes {
			cluster.Routes = append(cluster.Routes, "nats://"+route)
		}
		all[i] = &Server{cfg: embednats.Config{
			Name: fmt.Sprint("nats-", i+1), DataDir: t.TempDir(), Listen: clients[i], SyncAlways: true, Cluster: cluster, Keys: keys, Log: slog.New(slog.DiscardHandler),
		}}
		t.Cleanup(all[i].Stop)
	}
	return all
}

// addresses are free ports of 127.0.0.1, one for each server.
func addresses(t testing.TB) []string {
	t.Helper()
	found := make([]string, clustered)
	for i := range found {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		found[i] = listener.Addr().String()
	}
	return found
}
