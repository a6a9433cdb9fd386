package gateway

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/gateway/frame"
)

// dialStopped watches the lobby, and never reads again.
func (r *rig) dialStopped(t testing.TB, user string) net.Conn {
	t.Helper()
	var raw net.Conn
	dialer := websocket.Dialer{
		Subprotocols: []string{frame.ProtocolJSON},
		NetDial: func(network, addr string) (net.Conn, error) {
			c, err := net.Dial(network, addr)
			if err == nil {
				_ = c.(*net.TCPConn).SetReadBuffer(4 << 10)
			}
			raw = c
			return c, err
		},
	}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(r.http.URL, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, request := range []object{{"hello": object{"token": tokenOf(t, user, time.Hour)}}, {"watch": object{"room": "lobby"}}} {
		request["id"] = i + 1
		if err := conn.WriteJSON(request); err != nil {
			t.Fatal(err)
		}
		if _, _, err := conn.ReadMessage(); err != nil {
			t.Fatal(err)
		}
	}
	return raw
}

func (r *rig) post(t testing.TB, body string, header http.Header) (int, object) {
	t.Helper()
	q, err := http.NewRequest(http.MethodPost, r.http.URL+"/v1/guest", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		q.Header[k] = v
	}
	reply, err := http.DefaultClient.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var answer object
	if err := json.NewDecoder(reply.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return reply.StatusCode, answer
}

func TestGuests(t *testing.T) {
	r := start(t, func(c *Config) { c.GuestsPerMinute = 0 })
	status, guest := r.post(t, `{"name":" Ana "}`, nil)
	user, _ := guest["user"].(object)
	if status != 200 || user["name"] != "Ana" || !strings.HasPrefix(user["id"].(string), "guest:") {
		t.Fatalf("%d %v", status, guest)
	}
	c := r.dial(t)
	c.send("hello", object{"token": guest["token"]})
	if got := c.expect("welcome")["user"].(object); got["id"] != user["id"] || got["name"] != "Ana" {
		t.Errorf("%v", got)
	}
	status, renewed := r.post(t, mustJSON(object{"token": guest["token"], "name": "Anna"}), nil)
	if again, _ := renewed["user"].(object); status != 200 || again["id"] != user["id"] || again["name"] != "Anna" {
		t.Errorf("%d %v", status, renewed)
	}
	for name, tt := range map[string]struct {
		body        string
		status      int
		code, field string
	}{
		"no name":      {`{"name":" "}`, 400, "BAD_REQUEST", "name"},
		"long name":    {`{"name":"` + strings.Repeat("x", 129) + `"}`, 400, "BAD_REQUEST", "name"},
		"line break":   {`{"name":"a\nb"}`, 400, "BAD_REQUEST", "name"},
		"no JSON":      {`name=ana`, 400, "BAD_REQUEST", ""},
		"large":        {`{"name":"` + strings.Repeat("x", 20_000) + `"}`, 413, "TOO_LARGE", ""},
		"bad token":    {`{"token":"x"}`, 401, "UNAUTHENTICATED", "token"},
		"issuer token": {mustJSON(object{"token": tokenOf(t, "ana", time.Hour)}), 401, "UNAUTHENTICATED", "token"},
	} {
		status, reply := r.post(t, tt.body, nil)
		field, _ := reply["field"].(string)
		if status != tt.status || reply["code"] != tt.code || field != tt.field || reply["message"] == "" {
			t.Errorf("%s: %d %v", name, status, reply)
		}
	}
	if status, reply := r.post(t, `{"name":"x"}`, http.Header{"Origin": {"https://evil.example"}}); status != 403 {
		t.Errorf("%d %v", status, reply)
	}
}

func TestGuestsAreLimitedByAddress(t *testing.T) {
	r := start(t, func(c *Config) { c.TrustedProxies = []string{"127.0.0.0/8"} })
	from := func(forwarded string) int {
		status, _ := r.post(t, `{"name":"Ana"}`, http.Header{"X-Forwarded-For": {forwarded}})
		return status
	}
	for range 5 {
		if status := from("203.0.113.7"); status != 200 {
			t.Fatal(status)
		}
	}
	if status := from("203.0.113.7"); status != 429 {
		t.Errorf("sixth: %d", status)
	}
	if status := from("198.51.100.1, 203.0.113.7"); status != 429 {
		t.Errorf("with a made-up address before it: %d", status)
	}
	if status := from("203.0.113.8"); status != 200 {
		t.Errorf("neighbour: %d", status)
	}
	strict := start(t)
	for i := range 6 {
		status, _ := strict.post(t, `{"name":"Ana"}`, http.Header{"X-Forwarded-For": {msgID(i)}})
		if want := map[bool]int{true: 200, false: 429}[i < 5]; status != want {
			t.Errorf("untrusted, %d: %d, want %d", i, status, want)
		}
	}
}

func TestGuestsOff(t *testing.T) {
	r := start(t, func(c *Config) { c.Guests = false })
	if status, reply := r.post(t, `{"name":"Ana"}`, nil); status != 403 || reply["code"] != "FORBIDDEN" {
		t.Errorf("%d %v", status, reply)
	}
}

func TestConfigPage(t *testing.T) {
	r := start(t, func(c *Config) { c.Origins = []string{"https://www.example.com"} })
	reply := r.get(t, "/v1/config", http.Header{"Origin": {"https://www.example.com"}})
	var page object
	if err := json.NewDecoder(reply.Body).Decode(&page); err != nil {
		t.Fatal(err)
	}
	limits, _ := page["limits"].(object)
	if page["guests"] != true || page["defaultRoom"] != "lobby" || limits["textBytes"] != 16384.0 || page["version"] == nil {
		t.Errorf("%v", page)
	}
	if got := reply.Header.Get("Access-Control-Allow-Origin"); got != "https://www.example.com" {
		t.Errorf("CORS: %q", got)
	}
	if reply := r.get(t, "/v1/config", http.Header{"Origin": {"https://evil.example"}}); reply.StatusCode != 403 || reply.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%v", reply)
	}
}

func TestPage(t *testing.T) {
	r := start(t)
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/natter.js": "text/javascript; charset=utf-8", "/icon.svg": "image/svg+xml", "/page/app.js": "text/javascript; charset=utf-8",
	} {
		reply := r.get(t, path, nil)
		body, _ := io.ReadAll(reply.Body)
		h := reply.Header
		if reply.StatusCode != 200 || h.Get("Content-Type") != kind || len(body) == 0 {
			t.Errorf("%s: %v, %q, %d bytes", path, reply.Status, h.Get("Content-Type"), len(body))
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(h.Get("Content-Security-Policy"), "unsafe") ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Referrer-Policy") == "" {
			t.Errorf("%s: %v", path, h)
		}
		again := r.get(t, path, http.Header{"If-None-Match": {h.Get("ETag")}})
		if h.Get("ETag") == "" || again.StatusCode != http.StatusNotModified {
			t.Errorf("%s: %q, %v", path, h.Get("ETag"), again.Status)
		}
	}
	for _, path := range []string{"/nothing", "/../go.mod", "/page/", "/static/index.html", "/v1/nothing"} {
		if reply := r.get(t, path, nil); reply.StatusCode != 404 {
			t.Errorf("%s: %v", path, reply.Status)
		}
	}
}
