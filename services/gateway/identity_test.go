package gateway

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc/codes"
	grpcstatus "google.golang.org/grpc/status"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// issuedAt is a token that says when it was made; the zero time: it does not.
func issuedAt(t testing.TB, user string, iat time.Time) string {
	t.Helper()
	claims := jwt.MapClaims{"sub": user, "exp": jwt.NewNumericDate(time.Now().Add(time.Hour))}
	if !iat.IsZero() {
		claims["iat"] = jwt.NewNumericDate(iat)
	}
	text, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(testSecret))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (r *rig) greet(t testing.TB, token string) *client {
	t.Helper()
	c := r.dial(t)
	c.send("hello", object{"token": token})
	c.expect("welcome")
	return c
}

// refusedAtHello expects an error, and the end with a code.
func (r *rig) refusedAtHello(t testing.TB, token, code string, closed int) {
	t.Helper()
	c := r.dial(t)
	c.send("hello", object{"token": token})
	if e := c.expect("error"); e["code"] != code {
		t.Errorf("%v, want %s", e, code)
	}
	c.ends(closed)
}

func TestAWarningBeforeATokenExpires(t *testing.T) {
	t.Parallel()
	r := start(t)
	warned := func(c *client) float64 {
		t.Helper()
		goaway := c.expect("goaway")
		after := goaway["afterMs"].(float64)
		if goaway["reason"] != "token expires" || after <= 0 || after > 1000 {
			t.Errorf("%v", goaway)
		}
		return after
	}
	let, kept := r.greet(t, tokenOf(t, "ana", 4*time.Second)), r.greet(t, tokenOf(t, "bo", 4*time.Second))
	warned(let)
	warned(kept)
	kept.must("ok", "refresh", object{"token": tokenOf(t, "bo", 4*time.Second)})
	let.ends(closeExpired)
	warned(kept) // of the new one
	kept.must("ok", "refresh", object{"token": tokenOf(t, "bo", time.Hour)})
	kept.silent()
}

func TestLeewayHoldsForAllOfASession(t *testing.T) {
	t.Parallel()
	r := start(t, func(c *Config) { c.JWTLeeway = 3 * time.Second })
	c := r.greet(t, tokenOf(t, "ana", -time.Second)) // over, within the leeway
	c.must("pong", "ping", object{})
	c.expect("goaway")
	c.ends(closeExpired)
	r.refusedAtHello(t, tokenOf(t, "ana", -4*time.Second), "UNAUTHENTICATED", closeBadToken)
}

func TestRevocationClosesOldSessions(t *testing.T) {
	r := start(t)
	now := time.Now()
	_, guest := r.post(t, `{"name":"Bo"}`, nil)
	bo := guest["user"].(object)["id"].(string)
	old, unsaid, fresh := r.greet(t, issuedAt(t, "ana", now.Add(-time.Hour))), r.greet(t, issuedAt(t, "ana", time.Time{})), r.greet(t, issuedAt(t, "ana", now))
	other, visitor := r.greet(t, issuedAt(t, "cy", now.Add(-time.Hour))), r.greet(t, guest["token"].(string))
	before := now.Add(-time.Minute).UnixMilli()
	r.town.Revoke("ana", before)
	old.ends(closeRevoked)
	unsaid.ends(closeRevoked)
	r.town.Revoke(bo, now.Add(time.Minute).UnixMilli())
	visitor.ends(closeRevoked)

	r.refusedAtHello(t, issuedAt(t, "ana", now.Add(-time.Hour)), "UNAUTHENTICATED", closeRevoked)
	r.refusedAtHello(t, issuedAt(t, "ana", time.Time{}), "UNAUTHENTICATED", closeRevoked)
	r.refusedAtHello(t, guest["token"].(string), "UNAUTHENTICATED", closeRevoked)
	if status, answer := r.post(t, mustJSON(object{"token": guest["token"]}), nil); status != 401 || answer["token"] != nil {
		t.Errorf("a revoked guest is renewed: %d %v", status, answer)
	}
	fresh.must("pong", "ping", object{})
	other.must("pong", "ping", object{})
	fresh.refused("UNAUTHENTICATED", "refresh", object{"token": issuedAt(t, "ana", now.Add(-time.Hour))})
	fresh.ends(closeRevoked)
	r.greet(t, issuedAt(t, "ana", now)).must("ok", "refresh", object{"token": issuedAt(t, "ana", now)})
}

// TestRevocationWhoseMessageWasLost: history is asked for what was written.
func TestRevocationWhoseMessageWasLost(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Set(gatewaytest.Faults{SilentRevocations: true})
	ana := r.greet(t, issuedAt(t, "ana", time.Now().Add(-time.Hour)))
	r.town.Revoke("ana", time.Now().UnixMilli())
	ana.ends(closeRevoked)
	bo := r.greet(t, issuedAt(t, "bo", time.Now().Add(-time.Hour)))
	r.nats.Stop()
	r.town.Revoke("bo", time.Now().UnixMilli())
	r.nats.Restart(t)
	bo.ends(closeRevoked)
}

// TestRevocationDuringAHello: it was written after history had answered.
func TestRevocationDuringAHello(t *testing.T) {
	r := start(t)
	r.revocations.apply("ana", time.Now().UnixMilli()) // heard; history's answer does not have it
	r.refusedAtHello(t, issuedAt(t, "ana", time.Now().Add(-time.Hour)), "UNAUTHENTICATED", closeRevoked)
	r.revocations.forget(time.Now().Add(2 * lateFor))
	if n := len(r.revocations.latest); n != 0 {
		t.Errorf("%d revocations are kept for ever", n)
	}
}

// admins dials a gateway's gRPC with a token.
func (r *rig) admins(t testing.TB, token string) gatewayv1.GatewaysClient {
	t.Helper()
	server, err := rpc.NewServer(rpc.ServerConfig{ServiceToken: "a-service-token-of-tests", AdminToken: "an-admin-token-of-tests"})
	if err != nil {
		t.Fatal(err)
	}
	r.Register(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	conn, err := rpc.Dial(l.Addr().String(), token, config.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return gatewayv1.NewGatewaysClient(conn)
}

func (c *control) knows(peers ...string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, peer := range peers {
		if _, ok := c.peers[peer]; !ok {
			return false
		}
	}
	return len(c.peers) == len(peers)
}

func TestDisconnectOnAllGateways(t *testing.T) {
	t.Parallel()
	a := start(t)
	b, c := startWith(t, a.nats, a.town), startWith(t, a.nats, a.town)
	eventually(t, "they know of each other", func() bool {
		return a.control.knows(b.instance, c.instance) && b.control.knows(a.instance, c.instance)
	})
	service := a.admins(t, "a-service-token-of-tests")
	if _, err := service.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: "ana"}); grpcstatus.Code(err) != codes.PermissionDenied {
		t.Errorf("a service disconnects a user: %v", err)
	}
	admin := a.admins(t, "an-admin-token-of-tests")
	for what, q := range map[string]*gatewayv1.DisconnectRequest{
		"nobody": {}, "a long id": {User: strings.Repeat("x", 129)}, "a long reason": {User: "ana", Reason: strings.Repeat("x", 101)},
	} {
		if _, err := admin.Disconnect(t.Context(), q); grpcstatus.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", what, err)
		}
	}
	one, _ := a.hello(t, "ana")
	two, _ := b.hello(t, "ana")
	three, _ := b.hello(t, "ana")
	other, _ := c.hello(t, "bo")
	answer, err := admin.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: "ana", Reason: "maintenance"})
	if err != nil || answer.GetSessions() != 3 || answer.GetGateways() != 3 || len(answer.GetSilent()) != 0 {
		t.Errorf("%v, %v", answer, err)
	}
	for _, c := range []*client{one, two, three} {
		c.ends(closeRevoked)
	}
	other.must("pong", "ping", object{})
	again, _ := b.hello(t, "ana") // it is no ban
	if _, err := admin.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: "ana", MayReturn: true}); err != nil {
		t.Error(err)
	}
	again.ends(closeGoingAway)

	c.stop() // says goodbye: nobody waits for it
	eventually(t, "the third has left", func() bool { return a.control.knows(b.instance) })
	a.control.heard("dead", false, time.Now()) // died without a word
	answer, err = admin.Disconnect(t.Context(), &gatewayv1.DisconnectRequest{User: "ana"})
	if err != nil || answer.GetGateways() != 2 || len(answer.GetSilent()) != 1 || answer.GetSilent()[0] != "dead" {
		t.Errorf("%v, %v", answer, err)
	}
	a.control.heard(b.instance, false, time.Now().Add(2*hereFor))
	if !a.control.knows(b.instance) {
		t.Error("a dead gateway is waited for for ever")
	}
}

// keyFile writes a JWKS with one key, and gives a signer for it.
func keyFile(t testing.TB, path, kid string) func(user string) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	part := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	public, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	set := mustJSON(object{"keys": []object{{"kty": "EC", "crv": "P-256", "kid": kid, "x": part(public[1:33]), "y": part(public[33:])}}})
	if err := os.WriteFile(path+".new", []byte(set), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return func(user string) string {
		token := jwt.NewWithClaims(jwt.SigningMethodES256, jwt.MapClaims{"sub": user, "exp": jwt.NewNumericDate(time.Now().Add(time.Hour))})
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
}

func TestKeysOfAnIssuer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwks.json")
	old := keyFile(t, path, "old")
	r := start(t, func(c *Config) { c.JWKS, c.JWKSRefresh = path, time.Minute })
	ana := r.greet(t, old("ana"))
	r.greet(t, tokenOf(t, "bo", time.Hour)) // the secret is configured, too
	next := keyFile(t, path, "next")
	ana.must("ok", "refresh", object{"token": next("ana")}) // sought at once
	ana.refused("UNAUTHENTICATED", "refresh", object{"token": old("ana")})
	r.refusedAtHello(t, old("ana"), "UNAUTHENTICATED", closeBadToken)
	r.greet(t, next("ana"))
}

// TestKeysThatAreNotThere: not ready, with the reason; clients come back; it
// heals by itself.
func TestKeysThatAreNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwks.json")
	r := start(t, func(c *Config) { c.JWKS, c.JWKSRefresh = path, time.Minute; c.JWTSecret = "" })
	failing := func() string {
		for _, check := range r.Checks() {
			if err := check.Ready(); check.Name == "keys" && err != nil {
				return err.Error()
			}
		}
		return ""
	}
	eventually(t, "the reason is told", func() bool {
		return strings.Contains(failing(), "no such file") && strings.Contains(failing(), "NATTER_JWKS")
	})
	eventually(t, "the deployment is known", r.deployment.known)
	elsewhere := keyFile(t, filepath.Join(t.TempDir(), "x"), "k")
	r.refusedAtHello(t, elsewhere("ana"), "UNAVAILABLE", closeGoingAway)
	sign := keyFile(t, path, "k")
	eventually(t, "it is ready", func() bool { return failing() == "" })
	r.greet(t, sign("ana"))
	r.refusedAtHello(t, tokenOf(t, "ana", time.Hour), "UNAUTHENTICATED", closeBadToken)
}

// handshake is what a dial from an address is answered with.
func (r *rig) handshake(t testing.TB, forwarded string) *http.Response {
	t.Helper()
	q, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.http.URL+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	q.Header = http.Header{
		"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		"X-Forwarded-For": {forwarded},
	}
	reply, err := http.DefaultTransport.RoundTrip(q)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = reply.Body.Close() })
	return reply
}
