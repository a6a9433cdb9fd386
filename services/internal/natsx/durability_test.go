package natsx_test

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

func TestStorageDurability(t *testing.T) {
	for _, c := range []struct {
		name string
		opts []natstest.Option
		want natsx.Durability
	}{
		{"always", nil, natsx.Durability{SyncAlways: true, Servers: 1}},
		{"later", []natstest.Option{natstest.WithoutSync()}, natsx.Durability{Servers: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			nc := natstest.Start(t, c.opts...).Connect(t, natsx.History)
			got, err := natsx.StorageDurability(t.Context(), nc)
			if err != nil || got != c.want {
				t.Errorf("StorageDurability = %+v, %v; want %+v", got, err, c.want)
			}
		})
	}
}

// TestStorageDurabilityWithoutRight: who may not ask is told so, not "yes".
func TestStorageDurabilityWithoutRight(t *testing.T) {
	nc := natstest.Start(t).Connect(t, natsx.Gateway)
	if d, err := natsx.StorageDurability(t.Context(), nc); !errors.Is(err, natsx.ErrNoStorageInfo) {
		t.Errorf("StorageDurability = %+v, %v", d, err)
	}
}

// TestStorageDurabilityOfACluster: the answer is of all servers, and one that
// syncs later spoils it.
func TestStorageDurabilityOfACluster(t *testing.T) {
	keys, err := natsx.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		always [3]bool
		want   natsx.Durability
	}{
		{"all sync", [3]bool{true, true, true}, natsx.Durability{SyncAlways: true, Servers: 3}},
		{"one does not", [3]bool{true, true, false}, natsx.Durability{Servers: 3}},
	} {
		t.Run(c.name, func(t *testing.T) {
			servers := startCluster(t, keys, c.always)
			nc, err := natsx.Connect(t.Context(), natsx.Options{
				URL: servers[0].ClientURL(), Seed: keys[natsx.History].Seed, Service: natsx.History, Instance: "h", Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			var got natsx.Durability
			natstest.Eventually(t, 20*time.Second, "an answer of three servers", func() bool {
				got, err = natsx.StorageDurability(t.Context(), nc)
				return err == nil && got.Servers == 3
			})
			if got != c.want {
				t.Errorf("StorageDurability = %+v, want %+v", got, c.want)
			}
		})
	}
}

// startCluster starts three servers that know each other.
func startCluster(t *testing.T, keys natsx.Keys, always [3]bool) []*server.Server {
	t.Helper()
	var addrs, routes []string
	for range always {
		addr := freeAddr(t)
		addrs, routes = append(addrs, addr), append(routes, "nats://"+addr)
	}
	var servers []*server.Server
	for i, sync := range always {
		servers = append(servers, startServer(t, natsx.ServerOptions{
			Name: string(rune('a' + i)), Listen: "127.0.0.1:-1", StoreDir: t.TempDir(), SyncAlways: sync, MaxStore: 1 << 30,
			Keys: keys, Cluster: &natsx.Cluster{Name: "test", Listen: addrs[i], Routes: routes},
		}))
	}
	for _, s := range servers {
		if !s.ReadyForConnections(10 * time.Second) {
			t.Fatal("the server did not become ready")
		}
	}
	return servers
}

// freeAddr is an address that nobody listens on now.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func startServer(t *testing.T, o natsx.ServerOptions) *server.Server {
	t.Helper()
	var text strings.Builder
	if err := natsx.ServerConfig(&text, o); err != nil {
		t.Fatal(err)
	}
	options := &server.Options{}
	if err := options.ProcessConfigString(text.String()); err != nil {
		t.Fatal(err)
	}
	options.NoSigs, options.NoLog = true, true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}
