package post

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/history/webhook"
)

func client(t *testing.T, allowed ...string) *Client {
	t.Helper()
	addresses, err := webhook.ParseAddresses(allowed)
	if err != nil {
		t.Fatal(err)
	}
	c := New(addresses)
	t.Cleanup(c.Close)
	return c
}

// TestAddressesAreCheckedWhenDialled, whatever a name says.
func TestAddressesAreCheckedWhenDialled(t *testing.T) {
	asked := false
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(server.Close)
	named := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	t.Setenv("HTTP_PROXY", server.URL) // is not used
	for _, url := range []string{server.URL, named, strings.Replace(named, "http:", "https:", 1), strings.Replace(server.URL, "127.0.0.1", "[::ffff:127.0.0.1]", 1)} {
		a := client(t).Post(t.Context(), url+"/a-token", []string{"secret"}, webhook.Delivery{})
		if a.Status != 0 || !strings.Contains(a.Problem, "this address is refused") || strings.Contains(a.Problem, "a-token") {
			t.Errorf("%s: %+v", url, a)
		}
	}
	if asked {
		t.Error("what is refused was reached")
	}
	if a := client(t, "127.0.0.0/8", "::1").Post(t.Context(), named, []string{"secret"}, webhook.Delivery{}); a.Problem != "" || !asked {
		t.Errorf("what is allowed: %+v", a)
	}
}

// TestAnswers: what a receiver says, and no more of it than is needed.
func TestAnswers(t *testing.T) {
	elsewhere := false
	mux := http.NewServeMux()
	mux.HandleFunc("/202", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	mux.HandleFunc("/307", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { elsewhere = true })
	mux.HandleFunc("/429", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "17")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/hangs", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then does the server see that the client has gone
		<-r.Context().Done()
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	c := client(t, "127.0.0.1")
	post := func(path string) Answer {
		return c.Post(t.Context(), server.URL+path, []string{"secret"}, webhook.Delivery{})
	}
	for path, want := range map[string]Answer{
		"/202":     {Status: 202},
		"/307":     {Status: 307, Problem: "the receiver answered 307; redirects are not followed"},
		"/429":     {Status: 429, Problem: "the receiver answered 429", RetryAfter: 17 * time.Second},
		"/endless": {Status: 200},
	} {
		if a := post(path); a != want {
			t.Errorf("%s is %+v, want %+v", path, a, want)
		}
	}
	if elsewhere {
		t.Error("a redirect was followed")
	}
	c.timeout = 50 * time.Millisecond
	if a := post("/hangs"); a.Status != 0 || !strings.Contains(a.Problem, "no answer within") {
		t.Errorf("one that hangs is %+v", a)
	}
}
