package e2e_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

func TestPage(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		for i := range d.Gateways {
			base := gateway(d, i)
			html := servedAs(t, base+"/", "text/html")
			csp := get(t, base+"/").Header.Get("Content-Security-Policy")
			strict(t, csp)
			links := regexp.MustCompile(`(?:src|href)="(/[^"]+)"`).FindAllStringSubmatch(html, -1)
			if len(links) < 3 {
				t.Fatalf("the page links to %v", links)
			}
			for _, link := range links {
				servedAs(t, base+link[1], "")
			}
			servedAs(t, base+"/natter.js", "javascript")
		}
		for _, path := range []string{"/nothing", "/page/", "/../go.mod", "/page/../../main.go", "/v1/nothing", "/readyz", "/metrics", "/debug/pprof/"} {
			if response := get(t, gateway(d, 0)+path); response.StatusCode == http.StatusOK {
				t.Errorf("%s is served to the public", path)
			}
		}
	})
}

// servedAs is a body that must be there, with a type that no browser guesses.
func servedAs(t *testing.T, url, kind string) string {
	t.Helper()
	response := get(t, url)
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK || !strings.Contains(response.Header.Get("Content-Type"), kind) || response.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%s: %s, %v", url, response.Status, response.Header)
	}
	return string(body)
}

// strict: nothing inline, nothing from elsewhere, in nobody's frame.
func strict(t *testing.T, csp string) {
	t.Helper()
	policy := map[string]string{}
	for _, directive := range strings.Split(csp, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), " ")
		policy[name] = value
	}
	for _, name := range []string{"default-src", "frame-ancestors", "base-uri"} {
		if value, there := policy[name]; !there || value != "'none'" && value != "'self'" {
			t.Errorf("the CSP has %s %q, in %q", name, value, csp)
		}
	}
	for _, loose := range []string{"unsafe-inline", "unsafe-eval", "*", "data:", "blob:"} {
		for _, name := range []string{"script-src", "style-src", "default-src"} {
			if strings.Contains(policy[name], loose) {
				t.Errorf("the CSP allows %s in %s: %q", loose, name, csp)
			}
		}
	}
}

func TestClientConfig(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		response := get(t, gateway(d, 0)+"/v1/config")
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		var config map[string]any
		if err := json.Unmarshal(body, &config); err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", response.Status, body)
		}
		if config["guests"] != true {
			t.Errorf("/v1/config does not say that guests are allowed: %s", body)
		}
		for _, secret := range []string{d.JWTSecret, d.ServiceToken, d.AdminToken} {
			if strings.Contains(string(body), secret) {
				t.Error("/v1/config tells a secret")
			}
		}
	})
}

// TestCORS: another site's script learns nothing.
func TestCORS(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		for _, path := range []string{"/v1/config", "/v1/guest", "/"} {
			for _, method := range []string{http.MethodGet, http.MethodOptions} {
				request, err := http.NewRequestWithContext(t.Context(), method, gateway(d, 0)+path, nil)
				if err != nil {
					t.Fatal(err)
				}
				request.Header.Set("Origin", "https://evil.example")
				request.Header.Set("Access-Control-Request-Method", http.MethodPost)
				response, err := http.DefaultClient.Do(request)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				for _, header := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials"} {
					if value := response.Header.Get(header); value != "" {
						t.Errorf("%s %s from another site has %s: %s", method, path, header, value)
					}
				}
			}
		}
	})
}

// TestHeaders: too much of a request's head, or too slowly, is not waited for.
func TestHeaders(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, gateway(d, 0)+"/v1/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Sec-WebSocket-Extensions", strings.Repeat("x", 1<<20))
		if response, err := http.DefaultTransport.RoundTrip(request); err == nil {
			response.Body.Close()
			if response.StatusCode/100 != 4 {
				t.Errorf("a head of a MiB: %s", response.Status)
			}
		}
		conn, err := net.Dial("tcp", strings.TrimPrefix(gateway(d, 0), "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(client.Patience)); err != nil {
			t.Fatal(err)
		}
		var late net.Error
		if _, err := io.Copy(io.Discard, conn); errors.As(err, &late) && late.Timeout() {
			t.Errorf("a head that does not end is waited for longer than %s", client.Patience)
		}
	})
}

func TestMethods(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		for path, method := range map[string]string{"/v1/guest": http.MethodGet, "/v1/config": http.MethodPost, "/v1/ws": http.MethodPost, "/": http.MethodDelete} {
			request, err := http.NewRequestWithContext(t.Context(), method, gateway(d, 0)+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			response.Body.Close()
			if response.StatusCode/100 != 4 {
				t.Errorf("%s %s: %s", method, path, response.Status)
			}
		}
		if response := get(t, gateway(d, 0)+"/v1/ws"); response.StatusCode/100 != 4 {
			t.Errorf("/v1/ws without an upgrade: %s", response.Status)
		}
	})
}
