package natterctl

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

func TestRefusals(t *testing.T) {
	wait := uint32(1500)
	field := "name"
	for _, test := range []struct {
		refusal *chatv1.Refusal
		exit    int
		stderr  string
	}{
		{&chatv1.Refusal{Code: chatv1.ErrorCode_BAD_REQUEST, Message: "a name is needed", Field: &field}, 1,
			"natterctl: BAD_REQUEST (name): a name is needed\nNext: mend what is named and repeat; the command's --help says what it takes.\n"},
		{&chatv1.Refusal{Code: chatv1.ErrorCode_RATE_LIMITED, Message: "too fast", RetryAfterMs: &wait}, 1,
			"natterctl: RATE_LIMITED: too fast\nNext: try again in 1.5s.\n"},
		{&chatv1.Refusal{Code: chatv1.ErrorCode_CONFLICT, Message: "taken"}, 1,
			"natterctl: CONFLICT: taken\nNext: choose another id, or look at what has this one.\n"},
		{&chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "no owner\x1b[2J", RetryAfterMs: &wait}, 3,
			"natterctl: UNAVAILABLE: no owner\\x1b[2J\nNext: try again in 1.5s.\n"},
		{&chatv1.Refusal{Code: chatv1.ErrorCode_INTERNAL, Message: "a table is broken"}, 1,
			"natterctl: INTERNAL: Something went wrong on the server; its log says what.\nNext: read the server's log; it says what went wrong.\n"},
		{&chatv1.Refusal{Code: chatv1.ErrorCode_GONE, Message: "it was deleted"}, 1, "natterctl: GONE: it was deleted\n"},
	} {
		f := &fixture{refusal: rpc.Refuse(test.refusal)}
		f.serve(t)
		natterctl(t, "rooms", "list").want(t, test.exit, "", test.stderr)
	}
}

func TestTokens(t *testing.T) {
	(&fixture{}).serve(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(adminToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, token, file string
		exit              int
		stderr            string
	}{
		{"by variable", adminToken, "", 0, ""},
		{"by file", "", file, 0, ""},
		{"none", "", "", 1, "natterctl: there is no admin token to call the server with\nNext: set NATTER_ADMIN_TOKEN"},
		{"both", adminToken, file, 1, "natterctl: both an admin token and a file with one are set"},
		{"no such file", "", file + "x", 1, "natterctl: the admin token's file: open "},
		{"another", "not the token of this server", "", 1, "natterctl: UNAUTHENTICATED: the token is neither the service token nor an admin token of this server, or it has expired\nNext: give the server's admin token"},
		{"of a service", serviceToken, "", 1, "natterctl: FORBIDDEN: this is for admins\nNext: use an admin token"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("NATTER_ADMIN_TOKEN", test.token)
			t.Setenv("NATTER_ADMIN_TOKEN_FILE", test.file)
			r := natterctl(t, "rooms", "list")
			if r.exit != test.exit || !strings.HasPrefix(r.stderr, test.stderr) || test.exit != 0 && r.stdout != "" {
				t.Errorf("exit %d, stdout %q, stderr:\n%s", r.exit, r.stdout, r.stderr)
			}
			if test.token != "" && strings.Contains(r.stderr, test.token) {
				t.Error("it prints the token")
			}
		})
	}
}

// TestAUsersRights: what a user may not do there no other admin token mends.
func TestAUsersRights(t *testing.T) {
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
	(&fixture{refusal: rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_FORBIDDEN, Message: "you are muted in this room"})}).serve(t)
	natterctl(t, "rooms", "list").want(t, 1, "", "natterctl: FORBIDDEN: you are muted in this room\n")
}

// TestTypedTokens: what is typed counts more than a variable, also in its other form.
func TestTypedTokens(t *testing.T) {
	(&fixture{}).serve(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(adminToken+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Run("a token, beside a file's variable", func(t *testing.T) {
		t.Setenv("NATTER_ADMIN_TOKEN", "")
		t.Setenv("NATTER_ADMIN_TOKEN_FILE", file+"x")
		if r := natterctl(t, "rooms", "list", "--token", adminToken); r.exit != 0 {
			t.Errorf("exit %d:\n%s", r.exit, r.stderr)
		}
	})
	t.Run("a file, beside a token's variable", func(t *testing.T) {
		t.Setenv("NATTER_ADMIN_TOKEN", "another")
		t.Setenv("NATTER_ADMIN_TOKEN_FILE", "")
		if r := natterctl(t, "rooms", "list", "--token-file", file); r.exit != 0 {
			t.Errorf("exit %d:\n%s", r.exit, r.stderr)
		}
	})
	t.Run("both typed", func(t *testing.T) {
		if r := natterctl(t, "rooms", "list", "--token", adminToken, "--token-file", file); r.exit != 1 || !strings.Contains(r.stderr, "one is enough") {
			t.Errorf("exit %d:\n%s", r.exit, r.stderr)
		}
	})
}

func TestNobodyAnswers(t *testing.T) {
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	r := natterctl(t, "rooms", "list", "--addr", l.Addr().String())
	if r.exit != 3 || !strings.Contains(r.stderr, "no answer from "+l.Addr().String()) || !strings.Contains(r.stderr, "connection refused\nNext: see that natter runs there") {
		t.Errorf("exit %d:\n%s", r.exit, r.stderr)
	}
}

func TestServiceThatIsElsewhere(t *testing.T) {
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
	l := listen(t, grpc.NewServer())
	r := natterctl(t, "presence", "users", "ana", "--addr", l.Addr().String())
	if r.exit != 1 || !strings.Contains(r.stderr, "does not offer this") || !strings.Contains(r.stderr, "each has an address: --history-addr") {
		t.Errorf("exit %d:\n%s", r.exit, r.stderr)
	}
}

func TestUsage(t *testing.T) {
	for _, test := range []struct{ args, stderr, next string }{
		{"", `natterctl: expected one of "status", "room", "member", "message", "tail"`, ""},
		{"rooms get", `natterctl: expected "<room>"`, "room get"},
		{"rooms create", `natterctl: expected "<name>"`, "room create"},
		{"rooms create x --owner a --kind odd", `natterctl: --kind must be one of "public","private","broadcast" but got "odd"`, "room create"},
		{"rooms list --limit=-1", "natterctl: room (rooms) list: --limit: -1 is below zero", "room list"},
		{"rooms list --output xml", "natterctl: --output must be one of", "room list"},
		{"messages list x --before 1 --after 2", "natterctl: --before and --after can't be used together", "message list"},
		{"messages list x --before=-1", "natterctl: --before: ", "message list"},
		{"user revoke", `natterctl: expected "<user>"`, "user revoke"},
		{"user revoke ana --before yesterday", `natterctl: --before: "yesterday" is not a time; write it like 2027-`, "user revoke"},
		{"member mute den ana --for soon", `natterctl: --for: "soon" is not a duration; write it like 90s`, "member mute"},
		{"message search hi --after yesterday", `natterctl: --after: "yesterday" is not a time; write it like 2027-`, "message search"},
		{"room retention den", "natterctl: room (rooms) retention: say either --age or --count", "room retention"},
		{"room show den", "natterctl: unexpected argument show", "room"},
		{"export den", "natterctl: unexpected argument den", "export"},
		{"user revoke ana --befor x", "natterctl: unknown flag --befor, did you mean", "user revoke"},
		{"nonsense", "natterctl: unexpected argument nonsense", ""},
	} {
		r := natterctl(t, strings.Fields(test.args)...)
		if r.exit != 2 || !strings.HasPrefix(r.stderr, test.stderr) || !strings.HasSuffix(r.stderr, "\nNext: "+strings.TrimSpace("natterctl "+test.next)+" --help\n") || r.stdout != "" {
			t.Errorf("%q: exit %d, stdout %q, stderr:\n%s", test.args, r.exit, r.stdout, r.stderr)
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
	for _, test := range []struct{ args, want string }{
		{"--help", "Exit codes: 0 done"},
		{"--help", "room (rooms)"},
		{"messages post --help", "--user=USER"},
		{"--version", "natterctl "},
	} {
		r := natterctl(t, strings.Fields(test.args)...)
		if r.exit != 0 || !strings.Contains(r.stdout, test.want) || r.stderr != "" || strings.Contains(r.stdout, adminToken) {
			t.Errorf("%s: exit %d, stdout:\n%s\nstderr:\n%s", test.args, r.exit, r.stdout, r.stderr)
		}
		for line := range strings.Lines(r.stdout) {
			if len(line) > 100 {
				t.Errorf("%s: a line of %d characters: %s", test.args, len(line), line)
			}
		}
	}
}

func TestTLS(t *testing.T) {
	cert, key := selfSigned(t)
	f := &fixture{rooms: someRooms()[:1]}
	l := f.listen(t, rpc.ServerConfig{TLS: config.TLS{Cert: cert, Key: key}})
	t.Setenv("NATTER_ADMIN_TOKEN", adminToken)
	if r := natterctl(t, "rooms", "list", "--addr", l.Addr().String(), "--tls-ca", cert); r.exit != 0 || !strings.Contains(r.stdout, "lobby") {
		t.Errorf("exit %d:\n%s%s", r.exit, r.stdout, r.stderr)
	}
	if r := natterctl(t, "rooms", "list", "--addr", l.Addr().String(), "--timeout", "2s"); r.exit != 3 {
		t.Errorf("without TLS: exit %d:\n%s%s", r.exit, r.stdout, r.stderr)
	}
	other, _ := selfSigned(t)
	if r := natterctl(t, "rooms", "list", "--addr", l.Addr().String(), "--tls-ca", other); r.exit != 3 || !strings.Contains(r.stderr, "certificate") {
		t.Errorf("with another CA: exit %d:\n%s%s", r.exit, r.stdout, r.stderr)
	}
}

// selfSigned are the files of a certificate of 127.0.0.1.
func selfSigned(t *testing.T) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "natter's test"}, IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return keep(t, "CERTIFICATE", cert), keep(t, "PRIVATE KEY", secret)
}

func keep(t *testing.T, kind string, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestImportsGoOneWay: the command line knows the services' schemas alone.
func TestImportsGoOneWay(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\s+github\.com/natter-chat/natter/(\S+) v`).FindAllSubmatch(mod, -1) {
		if name := string(m[1]); name != "proto" && name != "services/internal" {
			t.Errorf("go.mod requires %s; natterctl may use only proto and services/internal", name)
		}
	}
}

// TestForceIsAdvised: who is refused for want of --force needs no other token.
func TestForceIsAdvised(t *testing.T) {
	field := "force"
	(&fixture{refusal: rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_FORBIDDEN, Field: &field, Message: "start one, or set force"})}).serve(t)
	r := natterctl(t, "rooms", "list")
	if want := "natterctl: FORBIDDEN (force): start one, or set force\nNext: do that, or repeat with --force.\n"; r.exit != 1 || r.stderr != want {
		t.Errorf("exit %d:\n%s", r.exit, r.stderr)
	}
}
