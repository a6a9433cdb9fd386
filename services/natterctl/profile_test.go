package natterctl

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/internal/rpc"
)

// writeProfiles is a file of profiles that only its owner may read.
func writeProfiles(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "natterctl.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestProfiles say where to ask and as whom; flags and variables count more.
func TestProfiles(t *testing.T) {
	addr := (&fixture{rooms: someRooms()}).listen(t, rpc.ServerConfig{}).Addr().String()
	t.Setenv("NATTER_GRPC_ADDR", "")
	t.Setenv("NATTER_ADMIN_TOKEN", "")
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte(adminToken), 0o600); err != nil {
		t.Fatal(err)
	}
	file := writeProfiles(t, `
default: here
profiles:
  here: {addr: "`+addr+`", token-file: `+token+`}
  json: {addr: "`+addr+`", token: "`+adminToken+`", output: json}
  away: {addr: "127.0.0.1:1", token: "`+adminToken+`", timeout: 2s}
  typo: {adress: x}
`)
	for _, c := range []struct {
		name string
		args []string
		env  map[string]string
		exit int
		says string
	}{
		{"the default", nil, nil, 0, "ROOM    NAME"},
		{"by flag", []string{"--profile", "json"}, nil, 0, `"room": "lobby"`},
		{"by variable", nil, map[string]string{"NATTER_PROFILE": "json"}, 0, `"room": "lobby"`},
		{"a flag counts more", []string{"--profile", "away", "--addr", addr}, nil, 0, "ROOM    NAME"},
		{"a variable counts more", []string{"--profile", "away"}, map[string]string{"NATTER_GRPC_ADDR": addr}, 0, "ROOM    NAME"},
		{"another token is enough", nil, map[string]string{"NATTER_ADMIN_TOKEN": adminToken}, 0, "ROOM    NAME"},
		{"away", []string{"--profile", "away"}, nil, 3, "no answer from 127.0.0.1:1"},
		{"unknown", []string{"--profile", "other"}, nil, 1, "name one that is there: away, here, json, typo."},
		{"a wrong setting", []string{"--profile", "typo"}, nil, 1, `"adress", which is no flag`},
		{"no such file", []string{"--config", "/nonexistent/file"}, nil, 1, "the file of profiles"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("NATTER_PROFILES", file)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			r := natterctl(t, append([]string{"room", "list"}, c.args...)...)
			if r.exit != c.exit || !strings.Contains(r.stdout+r.stderr, c.says) {
				t.Errorf("exit %d, %s%s", r.exit, r.stdout, r.stderr)
			}
		})
	}
	if err := os.Chmod(file, 0o640); err != nil {
		t.Fatal(err)
	}
	if r := natterctl(t, "room", "list", "--config", file); r.exit != 1 || !strings.Contains(r.stderr, "Next: chmod 600 "+file) {
		t.Errorf("a file that others may read: exit %d, %s", r.exit, r.stderr)
	}
	if r := natterctl(t, "room", "list", "--config", writeProfiles(t, "profiles: [")); r.exit != 1 || !strings.Contains(r.stderr, "mend the line") {
		t.Errorf("a file that is no YAML: exit %d, %s", r.exit, r.stderr)
	}
}
