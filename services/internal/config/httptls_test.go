package config_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/internal/certtest"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/run"
)

// TestHTTPTLS: what the public is served can be TLS, whose certificate is
// replaced while it runs: new connections get the new one, open ones go on.
func TestHTTPTLS(t *testing.T) {
	authority, dir, log := certtest.New(t), t.TempDir(), slog.New(slog.DiscardHandler)
	files := authority.Issue(t, "old").Take(t, dir, "page")
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l, err := config.HTTPTLS{Cert: files.Cert, Key: files.Key}.Listener(plain, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- run.HTTP(l, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) }), log)(ctx)
	}()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	text, err := os.ReadFile(files.CA)
	if err != nil {
		t.Fatal(err)
	}
	known := x509.NewCertPool()
	known.AppendCertsFromPEM(text)
	// ask tells whose certificate it was, and whether the connection was there before.
	ask := func(client *http.Client) (name string, reused bool) {
		t.Helper()
		trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { reused = info.Reused }}
		request, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), http.MethodGet, "https://"+plain.Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		if err != nil || string(body) != "HTTP/1.1" {
			t.Errorf("%q, %v; WebSockets need HTTP/1.1", body, err)
		}
		return response.TLS.PeerCertificates[0].Subject.CommonName, reused
	}
	fresh := func() *http.Client {
		return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: known}, ForceAttemptHTTP2: true}}
	}
	first := fresh()
	if name, _ := ask(first); name != "old" {
		t.Errorf("at first it is %s", name)
	}
	authority.Issue(t, "new").Take(t, dir, "page")
	if name, reused := ask(first); name != "old" || !reused {
		t.Errorf("on the open connection it is %s, reused %v", name, reused)
	}
	if name, _ := ask(fresh()); name != "new" {
		t.Errorf("on another it is %s", name)
	}
	if response, err := http.Get("http://" + plain.Addr().String()); err == nil {
		response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Error("it is served in the clear as well")
		}
	}
}

func TestHTTPTLSThatCannotBe(t *testing.T) {
	files := certtest.New(t).Issue(t, "page")
	for says, set := range map[string]config.HTTPTLS{
		"both NATTER_HTTP_TLS_CERT and NATTER_HTTP_TLS_KEY": {Cert: files.Cert},
		"NATTER_HTTP_TLS_CERT and NATTER_HTTP_TLS_KEY: ":    {Cert: files.Cert, Key: files.CA},
	} {
		if _, err := set.Listener(nil, slog.Default()); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the error is %v, want %q", err, says)
		}
	}
	if l, err := (config.HTTPTLS{}).Listener(nil, slog.Default()); l != nil || err != nil {
		t.Errorf("without files: %v, %v", l, err)
	}
}
