package access_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/internal/access"
)

func TestParse(t *testing.T) {
	token, digest := access.Mint()
	list, err := access.Parse([]byte("\n# admins\nci read,moderate " + digest.String() + "\n\tops   all\tcert:CN=ops 2027-01-31T00:00:00Z\r\ngateway service cert:URI=spiffe://a/gw"))
	if err != nil || len(list) != 3 {
		t.Fatalf("%v, %v", list, err)
	}
	if e := list[0]; e.Name != "ci" || e.Service || e.Scopes.String() != "read,moderate" || *e.Digest != access.DigestOf(token) || !e.Expires.IsZero() {
		t.Errorf("the first is %+v", e)
	}
	if e := list[1]; e.Scopes != access.All || e.Subject != "CN=ops" || e.Expires.Year() != 2027 {
		t.Errorf("the second is %+v", e)
	}
	if e := list[2]; !e.Service || e.Scopes != 0 {
		t.Errorf("the third is %+v", e)
	}
}

// TestParseRefuses names the line, and never shows a proof: it may be a token
// that somebody took for its digest.
func TestParseRefuses(t *testing.T) {
	token, digest := access.Mint()
	for _, c := range []struct{ line, says string }{
		{"ci read", "a line is"},
		{"ci read " + digest.String() + " 2027-01-31T00:00:00Z more", "a line is"},
		{"ci read " + token, "natterctl secrets admin-token"},
		{"ci read sha256:" + token, "natterctl secrets admin-token"},
		{"ci read " + digest.String()[:70], "64 hexadecimal digits"},
		{"ci read " + digest.String() + "00", "64 hexadecimal digits"},
		{"ci write " + digest.String(), "read,moderate,operate,erase"},
		{"ci read,service " + digest.String(), `"service" is no scope`},
		{"ci read, " + digest.String(), "is no scope"},
		{"ci SCOPE_UNSPECIFIED " + digest.String(), "is no scope"},
		{"-ci read " + digest.String(), "the name"},
		{strings.Repeat("c", 65) + " read " + digest.String(), "the name"},
		{"ci read " + digest.String() + " tomorrow", "2027-01-31T00:00:00Z"},
		{"ci read cert:OU=ops", "cert:CN="},
		{"ci read cert:CN=", "cert:CN="},
		{"a read " + digest.String() + "\nb erase " + digest.String(), "line 3: b has the proof of a"},
		{"a read cert:CN=x\nb erase cert:CN=x", "line 3: b has the proof of a"},
	} {
		_, err := access.Parse([]byte("# admins\n" + c.line))
		if err == nil || !strings.HasPrefix(err.Error(), "line ") || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), token) {
			t.Errorf("%q: %v", c.line, err)
		}
	}
}

func TestWhoHoldsAToken(t *testing.T) {
	old, oldDigest := access.Mint()
	fresh, freshDigest := access.Mint()
	list, err := access.Parse([]byte("ci read " + oldDigest.String() + " 2027-01-31T00:00:00Z\nci read,erase " + freshDigest.String()))
	if err != nil {
		t.Fatal(err)
	}
	end := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		token  string
		at     time.Time
		scopes string
		ok     bool
	}{
		{old, end.Add(-time.Second), "read", true},
		{old, end, "", false},
		{fresh, end, "read,erase", true},
		{fresh + "x", end, "", false},
		{freshDigest.String(), end, "", false},
		{"", end, "", false},
	} {
		if e, ok := list.Token(c.token, c.at); ok != c.ok || e.Scopes.String() != c.scopes {
			t.Errorf("%.10s… at %s: %+v, %v", c.token, c.at, e, ok)
		}
	}
	if _, ok := access.List(nil).Token("", end); ok {
		t.Error("nobody's list lets somebody in")
	}
}

func TestWhoseCertificate(t *testing.T) {
	list, err := access.Parse([]byte("anna read cert:CN=anna\nbackup operate cert:URI=spiffe://a/backup\nold read cert:CN=old 2020-01-01T00:00:00Z"))
	if err != nil {
		t.Fatal(err)
	}
	uri, err := url.Parse("spiffe://a/backup")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cert x509.Certificate
		want string
	}{
		{x509.Certificate{Subject: pkix.Name{CommonName: "anna"}}, "anna"},
		{x509.Certificate{Subject: pkix.Name{CommonName: "anna"}, URIs: []*url.URL{uri}}, "backup"},
		{x509.Certificate{Subject: pkix.Name{CommonName: "Anna"}}, ""},
		{x509.Certificate{Subject: pkix.Name{CommonName: "old"}}, ""},
		{x509.Certificate{Subject: pkix.Name{CommonName: "URI=spiffe://a/backup"}}, ""},
		{x509.Certificate{DNSNames: []string{"anna"}}, ""},
		{x509.Certificate{}, ""},
	} {
		if e, _ := list.Certificate(&c.cert, time.Now()); e.Name != c.want {
			t.Errorf("%v %v is %q, want %q", c.cert.Subject, c.cert.URIs, e.Name, c.want)
		}
	}
}

func TestScopes(t *testing.T) {
	if access.All.Has(accessv1.Scope_SCOPE_UNSPECIFIED) || access.All.Has(-1) || access.Scopes(0).Has(accessv1.Scope_READ) {
		t.Error("a scope that is none is held")
	}
	for number := range accessv1.Scope_name {
		if scope := accessv1.Scope(number); scope > 0 && !access.All.Has(scope) {
			t.Errorf("all lacks %s", scope)
		}
	}
}

// TestAFileThatIsSpoilt leaves those in who were; one without a token lets it
// in no more, from the next call on.
func TestAFileThatIsSpoilt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens")
	log := slog.New(slog.DiscardHandler)
	if _, err := access.Open(path, log); err == nil {
		t.Error("a file that is not there is no error")
	}
	token, digest := access.Mint()
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# admins\nthis is no line")
	if _, err := access.Open(path, log); err == nil || !strings.Contains(err.Error(), path+": line 2") {
		t.Errorf("opened spoilt: %v", err)
	}
	write("ci read " + digest.String())
	file, err := access.Open(path, log)
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		text string
		in   bool
	}{
		{"ci read " + digest.String() + "\nthis is no line", true},
		{"ci read " + digest.String() + " 2020-01-01T00:00:00Z", false},
		{"ci operate " + digest.String(), true},
		{"# all gone", false},
	} {
		write(step.text)
		if _, ok := file.Get().Token(token, time.Now()); ok != step.in {
			t.Errorf("%q: in is %v", step.text, ok)
		}
	}
}
