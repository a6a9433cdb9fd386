package natsx_test

import (
	"bytes"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/natter-chat/natter/services/internal/natsx"
)

var update = flag.Bool("update", false, "write testdata anew")

func goldenOptions() natsx.ServerOptions {
	keys := natsx.Keys{}
	for i, service := range append(natsx.Services(), natsx.Operator) {
		keys[service] = natsx.Key{Public: []string{
			"PUBLIC0", "PUBLIC1", "PUBLIC2", "PUBLIC3", "PUBLIC4",
		}[i]}
	}
	return natsx.ServerOptions{
		Name: "nats-1", Listen: "0.0.0.0:4222", StoreDir: "/data", SyncAlways: true, MaxStore: 1 << 35, Keys: keys,
		Cluster: &natsx.Cluster{Name: "natter", Listen: "0.0.0.0:6222", Routes: []string{"nats://nats-2:6222", "nats://nats-3:6222"}},
	}
}

// TestServerConfigGolden: the table of rights is public, and a deployment's
// files are rendered from it. Change the file only on purpose (-update).
func TestServerConfigGolden(t *testing.T) {
	const path = "testdata/nats-server.golden"
	var got strings.Builder
	if err := natsx.ServerConfig(&got, goldenOptions()); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("the configuration differs from %s:\n%s", path, got.String())
	}
}

// TestServerConfigIsRead: the server reads it as it is meant.
func TestServerConfigIsRead(t *testing.T) {
	keys, err := natsx.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	o := goldenOptions()
	o.Keys = keys
	o.StoreDir = "/a \"dir\" with\\$HOME"
	var text strings.Builder
	if err := natsx.ServerConfig(&text, o); err != nil {
		t.Fatal(err)
	}
	options := &server.Options{}
	if err := options.ProcessConfigString(text.String()); err != nil {
		t.Fatal(err)
	}
	if options.StoreDir != o.StoreDir || !options.SyncAlways || options.JetStreamMaxStore != o.MaxStore || options.MaxPayload != natsx.MaxPayload {
		t.Errorf("the server reads store %q, sync always %v, max store %d, max payload %d",
			options.StoreDir, options.SyncAlways, options.JetStreamMaxStore, options.MaxPayload)
	}
	if len(options.Nkeys) != len(keys) || len(options.Routes) != 2 {
		t.Errorf("the server reads %d users and %d routes", len(options.Nkeys), len(options.Routes))
	}
	for _, user := range options.Nkeys {
		if user.Permissions == nil || user.Permissions.Response != nil || len(user.Permissions.Subscribe.Allow) == 0 {
			t.Errorf("the server reads these permissions: %+v", user.Permissions)
		}
	}
	for service, key := range keys {
		if strings.Contains(text.String(), string(key.Seed)) {
			t.Errorf("the configuration holds the seed of %s", service)
		}
	}
}

func TestServerConfigNamesWhatIsMissing(t *testing.T) {
	for field, spoil := range map[string]func(*natsx.ServerOptions){
		"Name":     func(o *natsx.ServerOptions) { o.Name = "" },
		"StoreDir": func(o *natsx.ServerOptions) { o.StoreDir = "" },
		"MaxStore": func(o *natsx.ServerOptions) { o.MaxStore = 0 },
		"Keys":     func(o *natsx.ServerOptions) { o.Keys = nil },
	} {
		o := goldenOptions()
		spoil(&o)
		if err := natsx.ServerConfig(&strings.Builder{}, o); err == nil || !strings.Contains(err.Error(), field) {
			t.Errorf("without %s the error is %v", field, err)
		}
	}
}

func TestKeys(t *testing.T) {
	keys, err := natsx.NewKeys(natsx.Operator)
	if err != nil {
		t.Fatal(err)
	}
	if len(keys) != len(natsx.Services())+1 {
		t.Errorf("%d keys", len(keys))
	}
	for service, key := range keys {
		again, err := natsx.KeyOf(key.Seed)
		if err != nil || again.Public != key.Public || !strings.HasPrefix(key.Public, "U") {
			t.Errorf("the key of %s is %s, and its seed makes %s (%v)", service, key.Public, again.Public, err)
		}
	}
	for _, seed := range []string{"", "rubbish", keys[natsx.Tool].Public} {
		if _, err := natsx.KeyOf([]byte(seed)); err == nil {
			t.Errorf("KeyOf(%q) gives no error", seed)
		}
	}
}

// TestAccountsConfig: the part of a configuration that tells of rights stands by
// itself, and is the same.
func TestAccountsConfig(t *testing.T) {
	keys, err := natsx.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	var whole, part bytes.Buffer
	if err := natsx.ServerConfig(&whole, natsx.ServerOptions{Name: "a", StoreDir: "/data", MaxStore: 1 << 30, Keys: keys}); err != nil {
		t.Fatal(err)
	}
	if err := natsx.AccountsConfig(&part, keys); err != nil {
		t.Fatal(err)
	}
	_, accounts, _ := strings.Cut(part.String(), "\n")
	if !strings.HasPrefix(accounts, "system_account: SYS\n") || !strings.HasSuffix(whole.String(), accounts) {
		t.Errorf("the accounts are\n%s", part.String())
	}
	if err := natsx.AccountsConfig(&part, nil); err == nil {
		t.Error("accounts without keys let nobody in, and are no error")
	}
}
