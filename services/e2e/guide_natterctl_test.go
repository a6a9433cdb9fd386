package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// block is what stands on the guide's page between fences of a language.
func blocks(page, language string) []string {
	var lines []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		lines = append(lines, strings.Split(strings.TrimSpace(m[1]), "\n")...)
	}
	return lines
}

// TestAdminsGuide runs all that natterctl's README tells an admin to type, in
// that order, as it stands there: natterctl and grpcurl itself.
func TestAdminsGuide(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone(), withoutLimits()...)
	page := string(read(t, "../natterctl/README.md"))
	enter(t, d, 0, "ana") // somebody is there
	g := newAdminsShell(t, d, page)

	var last string
	calls := 0
	for _, line := range blocks(page, "grpcurl") {
		calls++
		switch {
		case strings.HasSuffix(line, "Gateways/Drain"):
			last = line // natterctl's own drain comes before
		case strings.HasSuffix(line, "Messages/Follow"):
			g.begins(line, `"events": [`)
		default:
			g.run(line)
		}
	}
	for _, service := range ourServices() {
		if out := g.run(`grpcurl -plaintext -H "$TOKEN" 127.0.0.1:9090 list`); !strings.Contains(out, service+"\n") {
			t.Errorf("reflection does not list %s:\n%s", service, out)
		}
	}
	g.refused()

	var list struct{ Gateways []struct{ Gateway string } }
	if err := json.Unmarshal([]byte(g.run("natterctl gateway list -o json")), &list); err != nil || len(list.Gateways) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	webhook := ""
	for _, line := range blocks(page, "sh") {
		calls++
		out := g.run(strings.NewReplacer("GATEWAY", list.Gateways[0].Gateway, "WEBHOOK", webhook).Replace(line))
		if m := regexp.MustCompile(`(?m)^id +(\S+)$`).FindStringSubmatch(out); strings.HasPrefix(line, "natterctl webhook create") && m != nil {
			webhook = m[1]
		}
		if strings.HasPrefix(line, "natterctl bench") && !regexp.MustCompile(`(?m)^lost +0$`).MatchString(out) {
			t.Errorf("%s:\n%s", line, out)
		}
	}
	if out := g.run(last); !strings.Contains(out, `"duplicate": true`) {
		t.Errorf("%s\nafter natterctl gateway drain says\n%s", last, out)
	}
	if calls < 70 {
		t.Errorf("only %d examples were found on the page", calls)
	}
}

// ourServices are all whose schemas are known here.
func ourServices() (names []string) {
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			if name := string(f.Services().Get(i).FullName()); strings.HasPrefix(name, "natter.") {
				names = append(names, name)
			}
		}
		return true
	})
	return names
}

// adminsShell is where an admin types who sits at a standalone natter.
type adminsShell struct {
	t     *testing.T
	dir   string
	env   []string
	addr  string
	token string // the line of the page that sets it
}

func newAdminsShell(t *testing.T, d *shape.Deployment, page string) *adminsShell {
	t.Helper()
	g := &adminsShell{t: t, dir: t.TempDir(), addr: d.History, token: regexp.MustCompile(`(?m)^TOKEN=.*$`).FindString(page)}
	if g.token == "" {
		t.Fatal("the page does not set TOKEN")
	}
	secrets := filepath.Join(g.dir, "data", "secrets")
	if err := os.MkdirAll(secrets, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"admin-token": d.AdminToken, "jwt-secret": d.JWTSecret} {
		if err := os.WriteFile(filepath.Join(secrets, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := os.Getenv("PATH")
	for _, tool := range []build.Program{build.Natterctl(), build.Grpcurl()} {
		at, err := shared.programs.Path(tool)
		if err != nil {
			t.Fatal(err)
		}
		path = filepath.Dir(at) + string(filepath.ListSeparator) + path
	}
	g.env = append(os.Environ(), "PATH="+path, "XDG_CONFIG_HOME="+g.dir,
		"NATTER_GRPC_ADDR="+d.History, "NATTER_URL="+d.Gateways[0], "NATTER_ADMIN_TOKEN_FILE=data/secrets/admin-token")
	return g
}

func (g *adminsShell) command(ctx context.Context, line string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "sh", "-c", g.token+"\nexec "+strings.ReplaceAll(line, "127.0.0.1:9090", g.addr))
	cmd.Dir, cmd.Env, cmd.WaitDelay = g.dir, g.env, client.Patience
	return cmd
}

// run runs a line that has to succeed, and gives what it prints.
func (g *adminsShell) run(line string) string {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 2*time.Minute)
	defer cancel()
	out, err := g.command(ctx, line).CombinedOutput()
	if err != nil {
		g.t.Errorf("%s: %v\n%s", line, err, out)
	}
	return string(out)
}

// begins runs a line that does not end, until it prints a line.
func (g *adminsShell) begins(line, with string) {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 2*time.Minute)
	defer cancel()
	cmd := g.command(ctx, line)
	out, err := cmd.StdoutPipe()
	if err != nil {
		g.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		g.t.Fatal(err)
	}
	found := false
	for lines := bufio.NewScanner(out); !found && lines.Scan(); {
		found = strings.Contains(lines.Text(), with)
	}
	cancel()
	_ = cmd.Wait() // it was ended
	if !found {
		g.t.Errorf("%s does not print %s", line, with)
	}
}

// refused: grpcurl shows what the page says of refusals.
func (g *adminsShell) refused() {
	g.t.Helper()
	ctx, cancel := context.WithTimeout(g.t.Context(), 2*time.Minute)
	defer cancel()
	out, err := g.command(ctx, `grpcurl -plaintext -H "$TOKEN" -d '{"room": "Not a room"}' 127.0.0.1:9090 natter.history.v1.Rooms/Get`).CombinedOutput()
	for _, part := range []string{"Code: InvalidArgument", "natter.chat.v1.Refusal", "google.rpc.BadRequest", `"field": "room"`} {
		if err == nil || !strings.Contains(string(out), part) {
			g.t.Errorf("a bad request does not show %s: %v\n%s", part, err, out)
		}
	}
}
