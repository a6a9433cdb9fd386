package config_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/config"
)

// settings are a service's, of each kind that there is.
type settings struct {
	config.HTTPListen
	config.GRPCListen
	config.OpsListen
	config.NATS
	config.Secrets
	config.TLS
	config.Log

	Partitions int           `name:"partitions" env:"NATTER_PARTITIONS" help:"Number of partitions." default:"4"`
	Guests     bool          `name:"guests" env:"NATTER_GUESTS" help:"Let guests in."`
	Drain      time.Duration `name:"drain" env:"NATTER_DRAIN" help:"Time to drain." default:"20s"`
	Origins    []string      `name:"origins" env:"NATTER_ORIGINS" help:"Allowed origins."`
	Rate       float64       `name:"rate" env:"NATTER_RATE" help:"Sends per second." default:"10"`
	Durability string        `name:"durability" env:"NATTER_DURABILITY" help:"When to ack." enum:"disk,os" default:"disk"`
	Store      string        `name:"store" env:"NATTER_STORE" help:"Where to store." default:"sqlite" secret:"url"`
}

func parse(t *testing.T, args ...string) (settings, string, bool, error) {
	t.Helper()
	var s settings
	var out bytes.Buffer
	handled, err := config.Parse("history", "Keeps rooms.", &s, args, &out, map[string]string{"http_addr": "127.0.0.1:8080"})
	return s, out.String(), handled, err
}

func TestDefaults(t *testing.T) {
	s, out, handled, err := parse(t)
	if err != nil || handled || out != "" {
		t.Fatalf("no arguments: %v, %v, %q", handled, err, out)
	}
	if s.HTTPListen.Addr != "127.0.0.1:8080" || s.GRPCListen.Addr != ":9090" || s.OpsListen.Addr != ":9091" {
		t.Errorf("the addresses are %q %q %q", s.HTTPListen.Addr, s.GRPCListen.Addr, s.OpsListen.Addr)
	}
	if s.Partitions != 4 || s.Guests || s.Drain != 20*time.Second || s.Durability != "disk" || s.Level != slog.LevelInfo || s.URL != "nats://127.0.0.1:4222" {
		t.Errorf("the defaults are %+v", s)
	}
}

func TestFlagBeforeEnvironmentBeforeDefault(t *testing.T) {
	t.Setenv("NATTER_PARTITIONS", "8")
	t.Setenv("NATTER_DRAIN", "1m30s")
	t.Setenv("NATTER_GUESTS", "true")
	t.Setenv("NATTER_ORIGINS", "https://a.example,https://b.example")
	t.Setenv("NATTER_LOG_LEVEL", "debug")
	t.Setenv("NATTER_RATE", "") // as good as unset
	s, _, _, err := parse(t, "--partitions=2", "--log-format", "json")
	if err != nil {
		t.Fatal(err)
	}
	if s.Partitions != 2 || s.Drain != 90*time.Second || !s.Guests || s.Rate != 10 || s.Format != "json" || s.Level != slog.LevelDebug {
		t.Errorf("the settings are %+v", s)
	}
	if !slices.Equal(s.Origins, []string{"https://a.example", "https://b.example"}) {
		t.Errorf("the origins are %q", s.Origins)
	}
}

func TestFlagOffBeforeEnvironmentOn(t *testing.T) {
	t.Setenv("NATTER_GUESTS", "true")
	if s, _, _, err := parse(t, "--guests=false"); err != nil || s.Guests {
		t.Errorf("guests %v, %v", s.Guests, err)
	}
}

// TestBadValueIsNamed with its flag and its variable, wherever it came from.
func TestBadValueIsNamed(t *testing.T) {
	for _, c := range []struct{ env, value, flag string }{
		{"NATTER_PARTITIONS", "four", "--partitions"},
		{"NATTER_DRAIN", "20", "--drain"},
		{"NATTER_GUESTS", "perhaps", "--guests"},
		{"NATTER_DURABILITY", "paper", "--durability"},
		{"NATTER_LOG_FORMAT", "xml", "--log-format"},
		{"NATTER_LOG_LEVEL", "loud", "--log-level"},
	} {
		says := func(how string, err error) {
			if err == nil || !strings.Contains(err.Error(), c.flag) || !strings.Contains(err.Error(), c.env) {
				t.Errorf("%s: %s=%s: the error is %v", how, c.env, c.value, err)
			}
		}
		_, _, _, err := parse(t, c.flag+"="+c.value)
		says("by flag", err)
		t.Setenv(c.env, c.value)
		_, _, _, err = parse(t)
		says("by environment", err)
		os.Unsetenv(c.env)
	}
	if _, _, _, err := parse(t, "--partitons=2"); err == nil || !strings.Contains(err.Error(), "--partitions") {
		t.Errorf("a flag misspelt: %v", err)
	}
	if _, _, _, err := parse(t, "stray"); err == nil || !strings.Contains(err.Error(), "stray") {
		t.Errorf("a stray argument: %v", err)
	}
}

func TestSecretFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("NATTER_SERVICE_TOKEN_FILE", path)
	if s, _, _, err := parse(t); err != nil || s.ServiceToken != "from the file" {
		t.Errorf("from the file: %q, %v", s.ServiceToken, err)
	}
	if s, _, _, err := parse(t, "--service-token=flag"); err != nil || s.ServiceToken != "flag" {
		t.Errorf("a flag goes first: %q, %v", s.ServiceToken, err)
	}
	t.Setenv("NATTER_SERVICE_TOKEN", "sesame")
	_, _, _, err := parse(t)
	if err == nil || !strings.Contains(err.Error(), "both NATTER_SERVICE_TOKEN and NATTER_SERVICE_TOKEN_FILE") || strings.Contains(err.Error(), "sesame") {
		t.Errorf("both: %v", err)
	}
	os.Unsetenv("NATTER_SERVICE_TOKEN")
	t.Setenv("NATTER_SERVICE_TOKEN_FILE", path+"x")
	if _, _, _, err := parse(t); err == nil || !strings.Contains(err.Error(), "NATTER_SERVICE_TOKEN_FILE") || !strings.Contains(err.Error(), path+"x") {
		t.Errorf("no such file: %v", err)
	}
	t.Setenv("NATTER_SERVICE_TOKEN_FILE", "")
	t.Setenv("NATTER_PARTITIONS_FILE", path) // no secret, so no file
	if s, _, _, err := parse(t); err != nil || s.Partitions != 4 || s.ServiceToken != "" {
		t.Errorf("an empty _FILE, and one of no secret: %+v, %v", s, err)
	}
}

// TestSecretURL may come from a file, and shows all but its password.
func TestSecretURL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	for url, shown := range map[string]string{
		"sqlite":                                  "sqlite",
		"postgres://natter:sesame@db/natter":      "postgres://natter:xxxxx@db/natter",
		"postgres://db/natter?password=sesame":    "postgres://db/natter?password=xxxxx",
		"postgres://natter:sesame@db:port/natter": "(not a URL)",
	} {
		if err := os.WriteFile(path, []byte(url+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Setenv("NATTER_STORE_FILE", path)
		s, out, _, err := parse(t, "--print-config")
		if err != nil || s.Store != url || !strings.Contains(out, "NATTER_STORE="+shown+"\n") || strings.Contains(out, "sesame") {
			t.Errorf("%s: %q, %v, shown as\n%s", url, s.Store, err, out)
		}
	}
}

func TestPrintConfig(t *testing.T) {
	t.Setenv("NATTER_ADMIN_TOKEN", "open sesame")
	t.Setenv("NATTER_STORE", "postgres://natter:pass@db/natter")
	_, out, handled, err := parse(t, "--print-config", "--drain=1m", "--origins=a,b")
	if err != nil || !handled {
		t.Fatalf("%v, %v", handled, err)
	}
	for _, line := range []string{
		"NATTER_HTTP_ADDR=127.0.0.1:8080", "NATTER_GRPC_ADDR=:9090", "NATTER_NATS_URL=nats://127.0.0.1:4222", "NATTER_NATS_CREDS=",
		"NATTER_SERVICE_TOKEN=(unset)", "NATTER_ADMIN_TOKEN=(set)", "NATTER_LOG_LEVEL=INFO", "NATTER_LOG_FORMAT=text",
		"NATTER_PARTITIONS=4", "NATTER_GUESTS=false", "NATTER_DRAIN=1m0s", "NATTER_ORIGINS=a,b", "NATTER_RATE=10",
		"NATTER_STORE=postgres://natter:xxxxx@db/natter",
	} {
		if !slices.Contains(strings.Split(out, "\n"), line) {
			t.Errorf("the line %q is missing in\n%s", line, out)
		}
	}
	if strings.Contains(out, "sesame") || strings.Contains(out, "pass@") {
		t.Errorf("a secret is printed:\n%s", out)
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Setenv("NATTER_PARTITIONS", "four") // help is given all the same
	_, out, handled, err := parse(t, "--help")
	if err != nil || !handled {
		t.Fatalf("--help: %v, %v", handled, err)
	}
	for _, part := range []string{"Keeps rooms.", "--partitions", "NATTER_PARTITIONS", "--print-config", "text,json", "default :9090", "$NATTER_ADMIN_TOKEN_FILE"} {
		if !strings.Contains(out, part) {
			t.Errorf("the help lacks %q:\n%s", part, out)
		}
	}
	_, out, handled, err = parse(t, "--version")
	if err != nil || !handled || !strings.HasPrefix(out, "history ") || strings.Count(out, "\n") != 1 {
		t.Errorf("--version: %v, %v, %q", handled, err, out)
	}
}

func TestHelpHidesSecrets(t *testing.T) {
	t.Setenv("NATTER_ADMIN_TOKEN", "open sesame")
	if _, out, _, _ := parse(t, "--help"); strings.Contains(out, "sesame") {
		t.Errorf("a secret is in the help:\n%s", out)
	}
}

func TestLog(t *testing.T) {
	var out bytes.Buffer
	config.Log{Level: slog.LevelWarn, Format: "json"}.New(&out).Info("not told")
	config.Log{Level: slog.LevelWarn, Format: "json"}.New(&out).Warn("told", "room", "lobby")
	if !strings.HasPrefix(out.String(), "{") || !strings.Contains(out.String(), `"room":"lobby"`) || strings.Contains(out.String(), "not told") {
		t.Errorf("json: %s", out.String())
	}
	out.Reset()
	config.Log{Format: "text"}.New(&out).Info("told", "room", "lobby")
	if !strings.Contains(out.String(), "room=lobby") {
		t.Errorf("text: %s", out.String())
	}
}
