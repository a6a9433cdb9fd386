package rpc_test

import (
	"context"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"

	"github.com/natter-chat/natter/services/internal/certtest"
	"github.com/natter-chat/natter/services/internal/config"
)

func TestTLS(t *testing.T) {
	ours, others := certtest.New(t), certtest.New(t)
	server, client, foreign := config.TLS(ours.Issue(t, "server")), config.TLS(ours.Issue(t, "client")), config.TLS(others.Issue(t, "client"))
	withoutCA := server
	withoutCA.CA = ""
	for _, c := range []struct {
		name           string
		server, client config.TLS
		ok             bool
	}{
		{"both sides known", server, client, true},
		{"client without certificate", server, config.TLS{CA: client.CA}, false},
		{"client of another authority", server, config.TLS{Cert: foreign.Cert, Key: foreign.Key, CA: client.CA}, false},
		{"server of another authority", server, foreign, false},
		{"server that asks for none", withoutCA, config.TLS{CA: client.CA}, true},
		{"client in the clear", server, config.TLS{}, false},
		{"server in the clear", config.TLS{}, client, false},
	} {
		cfg := tokens()
		cfg.TLS = c.server
		_, addr := serve(t, cfg, whoami)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		_, err := call(ctx, dial(t, addr, serviceToken, c.client))
		cancel()
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// TestCallsGoToWhoServes: in turn to all, and none to a server that drains.
func TestCallsGoToWhoServes(t *testing.T) {
	named := func(name string) method { return func(context.Context) (string, error) { return name, nil } }
	a, addrA := serve(t, tokens(), named("a"))
	_, addrB := serve(t, tokens(), named("b"))

	names := manual.NewBuilderWithScheme("natter-test")
	names.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: addrA}, {Addr: addrB}}})
	resolver.Register(names)
	conn := dial(t, "natter-test:///both", serviceToken, config.TLS{})
	within(t, "both serve", func() bool { return tally(t, conn) == [2]int{5, 5} })
	a.SetServing(false)
	within(t, "only b serves", func() bool { return tally(t, conn) == [2]int{0, 10} })
	a.SetServing(true)
	within(t, "both serve again", func() bool { return tally(t, conn) == [2]int{5, 5} })
}

func tally(t *testing.T, conn *grpc.ClientConn) (count [2]int) {
	t.Helper()
	for range 10 {
		name, err := call(t.Context(), conn)
		if err != nil {
			t.Fatal(err)
		}
		count[name[0]-'a']++
	}
	return count
}

func within(t *testing.T, what string, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !condition(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
