package e2e_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// head is a handshake's, by hand; %s is the host.
const head = "GET /v1/ws HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: natter.v1.json\r\n"

// answerTo sends a request as it is and reads the head of the answer.
func answerTo(gateway, request string) (*http.Response, error) {
	conn, err := net.DialTimeout("tcp", strings.TrimPrefix(gateway, "http://"), client.Patience)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(client.Patience)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, err
	}
	return http.ReadResponse(bufio.NewReader(conn), nil)
}

// TestHandshakeForms: what is a handshake, what is not, and how it is told.
func TestHandshakeForms(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		own := gateway(d, 0)
		host := strings.TrimPrefix(own, "http://")
		good := fmt.Sprintf(head, host)
		with := func(lines ...string) string { return good + strings.Join(lines, "\r\n") + "\r\n\r\n" }
		instead := func(old, new string) string {
			if !strings.Contains(good, old) {
				t.Fatalf("there is no %q", old)
			}
			return strings.Replace(good, old, new, 1) + "\r\n"
		}
		const key, version, protocol = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Protocol: natter.v1.json\r\n"
		for name, tt := range map[string]struct {
			request string
			status  int
		}{
			"as it should be":            {good + "\r\n", 101},
			"names in lower case":        {strings.ToLower(instead("dGhlIHNhbXBsZSBub25jZQ==", "aaaaaaaaaaaaaaaaaaaaaa==")), 400}, // a method is in upper case
			"header names in lower case": {instead(version, strings.ToLower(version)), 101},
			"a list of upgrades":         {instead("Upgrade: websocket", "Upgrade: h2c, WebSocket"), 101},
			"a list of connections":      {instead("Connection: Upgrade", "Connection: keep-alive, Upgrade"), 101},
			"two lines of upgrades":      {instead("Upgrade: websocket", "Upgrade: h2c\r\nUpgrade: websocket"), 101},
			"another upgrade":            {instead("Upgrade: websocket", "Upgrade: h2c"), 426},
			"no upgrade":                 {instead("Upgrade: websocket\r\n", ""), 426},
			"connection without upgrade": {instead("Connection: Upgrade", "Connection: keep-alive"), 426},
			"no key":                     {instead(key, ""), 400},
			"an empty key":               {instead(key, "Sec-WebSocket-Key:\r\n"), 400},
			"a short key":                {instead(key, "Sec-WebSocket-Key: dGhl\r\n"), 400},
			"a long key":                 {instead(key, "Sec-WebSocket-Key: "+strings.Repeat("dGhl", 1000)+"\r\n"), 400},
			"a key not in base64":        {instead(key, "Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!==\r\n"), 400},
			"two keys":                   {instead(key, key+key), 400},
			"no version":                 {instead(version, ""), 426},
			"version 8":                  {instead(version, "Sec-WebSocket-Version: 8\r\n"), 426},
			"version -1":                 {instead(version, "Sec-WebSocket-Version: -1\r\n"), 426},
			"version 13 and 8":           {instead(version, "Sec-WebSocket-Version: 13, 8\r\n"), 426},
			"version twice":              {instead(version, version+version), 426},
			"no subprotocol":             {instead(protocol, ""), 101},
			"another subprotocol":        {instead(protocol, "Sec-WebSocket-Protocol: chat\r\n"), 400},
			"subprotocols, garbage":      {instead(protocol, "Sec-WebSocket-Protocol: ,,;=\"\\\x80\r\n"), 400},
			"subprotocols, ours last":    {instead(protocol, "Sec-WebSocket-Protocol: "+strings.Repeat("x, ", 5000)+"natter.v1.json\r\n"), 101},
			"subprotocols, two lines":    {instead(protocol, "Sec-WebSocket-Protocol: chat\r\n"+protocol), 101},
			"an extension":               {with("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"), 101},
			"extensions, garbage":        {with("Sec-WebSocket-Extensions: ;;;=,\"\\"), 101},
			"extensions, a thousand":     {with("Sec-WebSocket-Extensions: " + strings.Repeat("x; y=\"z\", ", 1000) + "x"), 101},
			"extensions, many quotes":    {with("Sec-WebSocket-Extensions: x; y=" + strings.Repeat("\"\\", 5000)), 101},
			"HTTP/1.0":                   {instead("HTTP/1.1", "HTTP/1.0"), 400},
			"HTTP/2.0":                   {instead("HTTP/1.1", "HTTP/2.0"), 505},
			"HTTP/9":                     {instead("HTTP/1.1", "HTTP/9"), 400},
			"POST":                       {instead("GET", "POST"), 405},
			"HEAD":                       {instead("GET", "HEAD"), 405},
			"an unknown method":          {instead("GET", "SHOUT"), 405},
			"no method":                  {instead("GET ", " "), 400},
			"no host":                    {instead("Host: "+host+"\r\n", ""), 400},
			"two hosts":                  {with("Host: " + host), 400},
			"a bad host":                 {instead("Host: "+host, "Host: a b/"), 400},
			"an absolute URI":            {instead("GET /v1/ws", "GET "+own+"/v1/ws"), 101},
			"an absolute URI elsewhere":  {instead("GET /v1/ws", "GET http://evil.example/v1/ws"), 101},
			"a path above":               {instead("/v1/ws", "/v1/../v1/ws"), 307},
			"a path with NUL":            {instead("/v1/ws", "/v1/ws%00"), 404},
			"a bad escape":               {instead("/v1/ws", "/v1/ws%zz"), 400},
			"a body":                     {with("Content-Length: 5") + "hello", 400},
			"a body in chunks":           {with("Transfer-Encoding: chunked") + "5\r\nhello\r\n0\r\n\r\n", 400},
			"a length and chunks":        {with("Content-Length: 5", "Transfer-Encoding: chunked") + "0\r\n\r\n", 400},
			"two lengths":                {with("Content-Length: 5", "Content-Length: 6") + "hello", 400},
			"a negative length":          {with("Content-Length: -1"), 400},
			"a space before a colon":     {with("X : y"), 400},
			"a folded line":              {with("X: y\r\n z"), 101},
			"a line without a colon":     {with("X"), 400},
			"NUL in a value":             {with("X: a\x00b"), 400},
			"bare line feeds":            {strings.ReplaceAll(good+"\r\n", "\r\n", "\n"), 101},
			"a huge value":               {with("X: " + strings.Repeat("x", 1<<17)), 431},
			"very many lines":            {with(strings.TrimSuffix(strings.Repeat("X: y\r\n", 20_000), "\r\n")), 431},
			"a huge path":                {instead("/v1/ws", "/v1/ws?"+strings.Repeat("x", 1<<17)), 431},
			"a huge extension":           {with("Sec-WebSocket-Extensions: " + strings.Repeat("x; ", 1<<16)), 431},
			"not HTTP":                   {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
		} {
			response, err := answerTo(own, tt.request)
			if err != nil || response.StatusCode != tt.status {
				t.Errorf("%s: answered with %v (%v), want %d", name, response, err, tt.status)
				continue
			}
			if tt.status == http.StatusUpgradeRequired && response.Header.Get("Sec-WebSocket-Version") != "13" {
				t.Errorf("%s: 426 without the version that is right: %v", name, response.Header)
			}
			if tt.status == http.StatusSwitchingProtocols && response.Header.Get("Sec-WebSocket-Extensions") != "" {
				t.Errorf("%s: an extension is on that was not set: %v", name, response.Header)
			}
		}
		enter(t, d, 0, unique(t, "ana")).ping()
	})
}

// TestOriginsAreExact: the gateway's own and the listed ones, and nothing that
// only looks like them.
func TestOriginsAreExact(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone(), "NATTER_ORIGINS=https://app.example.com,https://app.example.com:8443")
	own := gateway(d, 0)
	u, err := url.Parse(own)
	if err != nil {
		t.Fatal(err)
	}
	const refused, taken = http.StatusForbidden, http.StatusSwitchingProtocols
	for _, tt := range []struct {
		origins string
		status  int
	}{
		{own, taken}, {"https://" + u.Host, taken}, {strings.ToUpper(own), taken},
		{"https://app.example.com", taken}, {"HTTPS://APP.Example.COM", taken}, {"https://app.example.com:8443", taken},
		{"http://app.example.com", refused}, {"https://app.example.com:443", refused}, {"https://app.example.com:84430", refused},
		{"https://app.example.com.", refused}, {"https://app.example.com/", refused}, {"https://app.example.com#", refused}, {"https://app.example.com?", refused},
		{"https://app.example.com.evil.example", refused}, {"https://evil-app.example.com", refused}, {"https://x.app.example.com", refused}, {"https://example.com", refused},
		{"https://app.example.com@evil.example", refused}, {"https://user@app.example.com", refused}, {"https://user:pass@" + u.Host, refused}, {"http://user@" + u.Host, refused},
		{own + "/", refused}, {own + "/path", refused}, {own + "?x", refused}, {own + "#x", refused}, {"//" + u.Host, refused}, {u.Host, refused},
		{"ftp://" + u.Host, refused}, {"javascript://" + u.Host, refused}, {"ws://" + u.Host, refused}, {own + ".", refused}, {"http://" + u.Hostname(), refused}, {"http://" + u.Hostname() + ":1", refused},
		{"http://localhost:" + u.Port(), refused}, {"http://[::1]:" + u.Port(), refused}, {"http://0x7f000001:" + u.Port(), refused},
		{"null", refused}, {"", refused}, {" ", refused}, {"*", refused}, {"file://", refused}, {"http://", refused}, {"https://", refused}, {"data:text/html,x", refused},
		{"https://app.example.com https://evil.example", refused}, {"https://app.example.com,https://evil.example", refused},
		{"https://app.example.com\r\nOrigin: https://evil.example", refused}, {"https://evil.example\r\nOrigin: https://app.example.com", refused},
		{"https://app.e\u212aample.com", refused}, {"https://аpp.example.com", refused}, {"https://app。example.com", refused}, // letters that look like others
	} {
		response, err := answerTo(own, fmt.Sprintf(head, u.Host)+"Origin: "+tt.origins+"\r\n\r\n")
		if err != nil || response.StatusCode != tt.status {
			t.Errorf("from %q: answered with %v (%v), want %d", tt.origins, response, err, tt.status)
		}
	}
	// For another host, the own origin is another's.
	if response, err := answerTo(own, fmt.Sprintf(head, "chat.example.com")+"Origin: "+own+"\r\n\r\n"); err != nil || response.StatusCode != refused {
		t.Errorf("an origin that is not the host asked for: %v (%v)", response, err)
	}
}

// TestFramesBeforeTheHandshake: who does not wait for the answer is no client;
// nothing of what came too early is done.
func TestFramesBeforeTheHandshake(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		own := gateway(d, 0)
		host := strings.TrimPrefix(own, "http://")
		ping := string(wire.Append(nil, wire.Ping, []byte("early")))
		for name, request := range map[string]string{
			"with the handshake":    fmt.Sprintf(head, host) + "\r\n" + ping,
			"many with it":          fmt.Sprintf(head, host) + "\r\n" + strings.Repeat(ping, 1000),
			"in place of it":        ping + "\r\n\r\n",
			"in the middle of it":   fmt.Sprintf(head, host) + ping + "\r\n\r\n",
			"two handshakes in one": fmt.Sprintf(head, host) + "\r\n" + fmt.Sprintf(head, host) + "\r\n",
		} {
			conn, err := net.DialTimeout("tcp", host, client.Patience)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { conn.Close() })
			if err := conn.SetDeadline(time.Now().Add(client.Patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(conn, request); err != nil {
				t.Fatal(err)
			}
			answer, err := io.ReadAll(conn)
			var late net.Error
			if errors.As(err, &late) && late.Timeout() {
				t.Errorf("%s: still open", name)
			}
			if strings.Contains(string(answer), "101 ") && !strings.Contains(name, "with") {
				t.Errorf("%s: answered with %q", name, answer)
			}
		}
		enter(t, d, 0, unique(t, "ana")).ping()
	})
}

// TestTokenInURLIsNotLogged: an address ends in logs, so a token there is
// neither taken nor written down.
func TestTokenInURLIsNotLogged(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		jwt := token.For(unique(t, "ana"), "Ana").Sign(d.JWTSecret)
		host := strings.TrimPrefix(gateway(d, 0), "http://")
		for _, name := range []string{"token", "access_token", "jwt", "authorization"} {
			request := strings.Replace(fmt.Sprintf(head, host), "/v1/ws", "/v1/ws?"+name+"="+jwt, 1)
			for _, more := range []string{"", "Authorization: Bearer " + jwt + "\r\n", "Cookie: token=" + jwt + "\r\n", "Content-Length: x\r\n"} {
				if _, err := answerTo(gateway(d, 0), request+more+"\r\n"); err != nil {
					t.Fatal(err)
				}
			}
		}
		conn := dial(t, d, 0)
		conn.refused("ping", M{}, "UNAUTHENTICATED", "")
		conn.refused("hello", M{"token": jwt + "x"}, "UNAUTHENTICATED", "token")
		for _, p := range d.Processes {
			if strings.Contains(p.Tail(1<<20), jwt) {
				t.Errorf("%s logs a token", p.Name())
			}
		}
	})
}

// TestSlowHeads: a handshake byte by byte is not waited for longer than 10 s,
// however lively it looks.
func TestSlowHeads(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		host := strings.TrimPrefix(gateway(d, 0), "http://")
		conn, err := net.DialTimeout("tcp", host, client.Patience)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		ended, began := make(chan struct{}), time.Now()
		go func() {
			defer close(ended)
			_, _ = io.Copy(io.Discard, conn)
		}()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		text := fmt.Sprintf(head, host) + "X: " + strings.Repeat("x", 1000)
		for i := 0; ; i++ {
			select {
			case <-ended:
				if after := time.Since(began); after < 5*time.Second {
					t.Errorf("cut after %s; a slow client has 10 s", after)
				}
				return
			case <-tick.C:
				_, _ = io.WriteString(conn, text[i:i+1])
				if time.Since(began) > client.Patience {
					t.Fatalf("a head that comes byte by byte is waited for longer than %s", client.Patience)
				}
			}
		}
	})
}
