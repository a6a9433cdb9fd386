package natterctl

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSecrets: made once, never again; what is derived from them follows the
// program's version.
func TestSecrets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	natterctl(t, "secrets", dir).want(t, 0, "The secrets are in "+dir+"; keep a copy where only you can read it.\n", "")
	first := contents(t, dir)
	for _, name := range []string{
		"jwt-secret", "guest-secret", "service-token", "admin-token", "grafana-password", "postgres-password", "store-url",
		"nats-gateway.seed", "nats-history.seed", "nats-presence.seed", "nats-tool.seed", "nats-operator.seed",
		"nats.conf", "nats-1.conf", "nats-2.conf", "nats-3.conf", "nats-accounts.conf",
	} {
		if len(first[name]) == 0 {
			t.Errorf("%s is missing or empty", name)
		}
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory has mode %v (%v); only its owner may look in", info.Mode(), err)
	}
	if password := strings.TrimSpace(string(first["postgres-password"])); !strings.Contains(string(first["store-url"]), ":"+password+"@postgres:5432/natter?") {
		t.Error("the URL of the database does not hold its password")
	}
	for _, want := range []string{"sync_interval: always", "nats://natter:" + strings.TrimSpace(string(first["nats-cluster-secret"])) + "@nats-3:6222"} {
		if !bytes.Contains(first["nats-2.conf"], []byte(want)) {
			t.Errorf("nats-2.conf has no %q", want)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "nats.conf"), []byte("# of an older version\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	natterctl(t, "secrets", dir).want(t, 0, "The secrets are in "+dir+"; keep a copy where only you can read it.\n", "")
	for name, content := range contents(t, dir) {
		if !bytes.Equal(content, first[name]) {
			t.Errorf("%s is another after the second time", name)
		}
	}
}

// TestSecretsWithTLS: the servers' configurations then have it.
func TestSecretsWithTLS(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	if r := natterctl(t, "secrets", dir, "--nats-tls-cert", "/certs/nats.pem"); r.exit != 1 || !strings.Contains(r.stderr, "TLS needs a certificate and its key") {
		t.Errorf("a certificate without its key: %+v", r)
	}
	r := natterctl(t, "secrets", "make", dir, "--nats-tls-cert", "/certs/nats.pem", "--nats-tls-key", "/certs/nats.key", "--nats-tls-ca", "/certs/ca.pem")
	if r.exit != 0 {
		t.Fatalf("%+v", r)
	}
	for _, name := range []string{"nats.conf", "nats-2.conf"} {
		for _, want := range []string{`cert_file: "/certs/nats.pem"`, `key_file: "/certs/nats.key"`, `ca_file: "/certs/ca.pem"`, "verify: true"} {
			if !bytes.Contains(contents(t, dir)[name], []byte(want)) {
				t.Errorf("%s has no %s", name, want)
			}
		}
	}
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[file.Name()], err = os.ReadFile(filepath.Join(dir, file.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}
