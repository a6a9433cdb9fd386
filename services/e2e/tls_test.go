package e2e_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"os"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/internal/certtest"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// TestTLSAtEveryDoor: sockets, the page and gRPC with TLS, between the services
// too; an admin by a certificate; and a certificate that is renewed while people
// are connected, who notice nothing.
func TestTLSAtEveryDoor(t *testing.T) {
	t.Parallel()
	services, admins, dir := certtest.New(t), certtest.New(t), t.TempDir()
	ours := services.Issue(t, "first").Take(t, dir, "natter")
	env := append(withoutLimits(),
		"NATTER_TLS_CERT="+ours.Cert, "NATTER_TLS_KEY="+ours.Key, "NATTER_TLS_CA="+ours.CA, "NATTER_GRPC_CLIENT_CA="+admins.CA(),
		"NATTER_HTTP_TLS_CERT="+ours.Cert, "NATTER_HTTP_TLS_KEY="+ours.Key)
	anna := admins.Issue(t, "anna")
	text, err := os.ReadFile(ours.CA)
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AppendCertsFromPEM(text)
	everywhereAlone(t, env, func(t *testing.T, d *shape.Deployment) {
		if ours := services.Issue(t, "first").Take(t, dir, "natter"); ours.Cert == "" {
			t.Fatal("no certificate")
		}
		if _, err := client.Dial(t.Context(), d.Gateways[0], client.Options{}); err == nil {
			t.Error("sockets are served in the clear as well")
		}
		for i, url := range d.Gateways {
			d.Gateways[i] = "https" + strings.TrimPrefix(url, "http")
		}
		shown := func() (name string) {
			t.Helper()
			conn, err := tls.Dial("tcp", strings.TrimPrefix(d.Gateways[0], "https://"), &tls.Config{RootCAs: known})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
		}
		ana := dialWith(t, d, 0, client.Options{TLS: &tls.Config{RootCAs: known}})
		ana.greet("ana", token.For("ana", "Ana").Sign(d.JWTSecret), nil)
		room := ana.create("sealed", nil).Room
		ana.send(room, "before")
		if name := shown(); name != "first" {
			t.Errorf("the gateway shows the certificate of %s", name)
		}
		services.Issue(t, "second").Take(t, dir, "natter")
		if name := shown(); name != "second" {
			t.Errorf("after it was renewed the gateway shows the certificate of %s", name)
		}
		seq := ana.send(room, "after").Seq
		if page := ana.page(M{"room": room}); len(page.Messages) == 0 || page.Messages[len(page.Messages)-1].Seq != seq { // by gRPC, from history
			t.Errorf("the page is %+v, want the message %d at its end", page, seq)
		}

		clear, err := rpc.Dial(d.History, d.AdminToken, config.TLS{})
		if err != nil {
			t.Fatal(err)
		}
		defer clear.Close()
		if _, err := historyv1.NewRoomsClient(clear).List(t.Context(), &historyv1.ListRequest{}); err == nil {
			t.Error("gRPC is served in the clear as well")
		}
		byCertificate := config.TLS{Cert: anna.Cert, Key: anna.Key, CA: ours.CA}
		conn, err := rpc.Dial(d.History, "", byCertificate)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		rooms := historyv1.NewRoomsClient(conn)
		if _, err := rooms.List(t.Context(), &historyv1.ListRequest{}); status.Code(err) != codes.Unauthenticated {
			t.Errorf("a certificate that the file does not name: %v", err)
		}
		appendLine(t, d.TokensFile(), "anna read cert:CN=anna")
		if _, err := rooms.List(t.Context(), &historyv1.ListRequest{}); err != nil {
			t.Errorf("a certificate that the file names: %v", err)
		}
		if _, err := rooms.Create(t.Context(), &historyv1.CreateRequest{Name: "x"}); status.Code(err) != codes.PermissionDenied {
			t.Errorf("a certificate without the scope: %v", err)
		}
		if out, err := natterctlAs(t, d, "NATTER_TLS_CA="+ours.CA, "NATTER_TLS_CERT="+anna.Cert, "NATTER_TLS_KEY="+anna.Key); err != nil || !strings.Contains(out, room) {
			t.Errorf("natterctl with a certificate: %v\n%s", err, out)
		}
		grpcurlBy(t, d, ours, anna)
	})
}

// grpcurlBy: what the guide says of grpcurl with TLS, by token and by a
// certificate alone; who shows no certificate, or does not know the server's, has
// no answer.
func grpcurlBy(t *testing.T, d *shape.Deployment, ours, by certtest.Files) {
	t.Helper()
	path, err := shared.programs.Path(build.Grpcurl())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		says string // "": it fails
	}{
		{"a token", []string{"-cacert", ours.CA, "-cert", ours.Cert, "-key", ours.Key, "-H", "authorization: Bearer " + d.AdminToken}, `"sealed"`},
		{"a certificate", []string{"-cacert", ours.CA, "-cert", by.Cert, "-key", by.Key}, `"sealed"`},
		{"a token and no certificate, where one is asked for", []string{"-cacert", ours.CA, "-H", "authorization: Bearer " + d.AdminToken}, ""},
		{"neither", []string{"-cacert", ours.CA}, ""},
		{"no authority", []string{"-H", "authorization: Bearer " + d.AdminToken}, ""},
		{"in the clear", []string{"-plaintext", "-H", "authorization: Bearer " + d.AdminToken}, ""},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), recovery)
		defer cancel()
		patience := "30"
		if c.says == "" {
			patience = "2" // it tries again and again until then
		}
		cmd := exec.CommandContext(ctx, path, append(append([]string{"-connect-timeout", patience, "-max-time", "60"}, c.args...), "-d", `{"query": "sealed"}`, d.History, "natter.history.v1.Rooms/List")...)
		out, err := cmd.CombinedOutput()
		if (err == nil) != (c.says != "") || !strings.Contains(string(out), c.says) {
			t.Errorf("grpcurl with %s: %v\n%s", c.name, err, out)
		}
	}
}

func appendLine(t *testing.T, path, line string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(line + "\n"); err != nil {
		t.Fatal(err)
	}
}

// natterctlAs lists rooms with nothing but what env says.
func natterctlAs(t *testing.T, d *shape.Deployment, env ...string) (string, error) {
	t.Helper()
	path, err := shared.programs.Path(build.Natterctl())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), recovery)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "rooms", "list")
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "NATTER_GRPC_ADDR=" + d.History}, env...)
	text, err := cmd.CombinedOutput()
	return string(text), err
}
