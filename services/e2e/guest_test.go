package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// guest is the answer of POST /v1/guest.
type guest struct {
	Token string `json:"token"`
	User  struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"user"`
	Code  string `json:"code"` // of a refusal
	Field string `json:"field"`
}

// askForGuest posts a body, and gives the status and the answer.
func askForGuest(t testing.TB, d *shape.Deployment, i int, body string, header http.Header) (int, guest) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, gateway(d, i)+"/v1/guest", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		request.Header[name] = values
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	var answer guest
	if err := json.Unmarshal(content, &answer); err != nil {
		t.Fatalf("POST /v1/guest %.100s: %s, and no JSON: %.200s", body, response.Status, content)
	}
	return response.StatusCode, answer
}

func asJSON(t testing.TB, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGuests(t *testing.T) {
	t.Parallel()
	everywhereAlone(t, []string{"NATTER_GUESTS_PER_MINUTE=0"}, func(t *testing.T, d *shape.Deployment) {
		status, ana := askForGuest(t, d, 0, `{"name":" Ana 安 "}`, nil)
		if status != http.StatusOK || !strings.HasPrefix(ana.User.ID, "guest:") || ana.User.Name != "Ana 安" || ana.Token == "" {
			t.Fatalf("a guest is %d %+v", status, ana)
		}
		_, bo := askForGuest(t, d, 0, `{"name":"Ana 安"}`, nil)
		if bo.User.ID == ana.User.ID {
			t.Errorf("two guests are both %s", bo.User.ID)
		}
		for i := range 2 { // any gateway takes it
			s := dial(t, d, i)
			s.greet(ana.User.ID, ana.Token, nil)
			if s.welcome.User.ID != ana.User.ID || s.welcome.User.Name != "Ana 安" {
				t.Errorf("the guest is welcomed as %+v", s.welcome.User)
			}
		}
		status, renewed := askForGuest(t, d, 1, asJSON(t, M{"token": ana.Token, "name": "Anna"}), nil)
		if status != http.StatusOK || renewed.User.ID != ana.User.ID || renewed.User.Name != "Anna" {
			t.Errorf("renewed, the guest is %d %+v", status, renewed)
		}
		s := dial(t, d, 0)
		s.greet(renewed.User.ID, renewed.Token, nil)
		if s.welcome.User.Name != "Anna" {
			t.Errorf("renewed, the guest is welcomed as %+v", s.welcome.User)
		}
		noTakeOver(t, d, ana)
		badGuests(t, d)
	})
}

// noTakeOver: only the token of a guest renews it.
func noTakeOver(t *testing.T, d *shape.Deployment, victim guest) {
	claims := token.For(victim.User.ID, "Mallory")
	parts := strings.Split(victim.Token, ".")
	for what, forged := range map[string]string{
		"signed by the issuer":            claims.Sign(d.JWTSecret),
		"signed by the issuer, as natter": claims.With("iss", "natter-guest").Sign(d.JWTSecret),
		"not signed":                      claims.With("iss", "natter-guest").Unsigned(),
		"its own signature cut off":       parts[0] + "." + parts[1] + ".",
		"another's body":                  parts[0] + "." + strings.Split(claims.With("iss", "natter-guest").Unsigned(), ".")[1] + "." + parts[2],
		"the id alone":                    victim.User.ID,
		"an ordinary user's":              token.For("ana", "Ana").Sign(d.JWTSecret),
	} {
		status, answer := askForGuest(t, d, 0, asJSON(t, M{"token": forged, "name": "Mallory"}), nil)
		if status != http.StatusUnauthorized || answer.Code != "UNAUTHENTICATED" || answer.Token != "" {
			t.Errorf("a guest token %s is answered with %d %+v", what, status, answer)
		}
		s := dial(t, d, 0)
		if what != "an ordinary user's" {
			s.refused("hello", M{"token": forged}, "UNAUTHENTICATED", "token")
			s.closed(4401)
		}
	}
	_, fresh := askForGuest(t, d, 0, asJSON(t, M{"name": "Mallory", "user": M{"id": victim.User.ID}, "id": victim.User.ID, "sub": victim.User.ID}), nil)
	if fresh.User.ID == victim.User.ID {
		t.Error("who names a guest's id becomes that guest")
	}
}

func badGuests(t *testing.T, d *shape.Deployment) {
	for body, want := range map[string]int{
		`{}`: http.StatusBadRequest, `{"name":""}`: http.StatusBadRequest, `{"name":"  "}`: http.StatusBadRequest, `{"name":"a\nb"}`: http.StatusBadRequest,
		`{"name":7}`: http.StatusBadRequest, `[]`: http.StatusBadRequest, `not json`: http.StatusBadRequest, ``: http.StatusBadRequest,
		`{"name":"` + strings.Repeat("n", 129) + `"}`:     http.StatusBadRequest,
		`{"name":"` + strings.Repeat("n", 10<<10) + `"}`:  http.StatusBadRequest,
		`{"name":"` + strings.Repeat("n", 100<<10) + `"}`: http.StatusRequestEntityTooLarge,
	} {
		if status, answer := askForGuest(t, d, 0, body, nil); status != want || answer.Token != "" || answer.Code == "" {
			t.Errorf("POST /v1/guest %.60s is answered with %d %+v, not %d", body, status, answer, want)
		}
	}
	for _, kind := range []string{"application/json", "text/plain", "application/x-www-form-urlencoded"} { // what a form of another site can send, too
		header := http.Header{"Origin": {"https://evil.example"}, "Content-Type": {kind}}
		if status, answer := askForGuest(t, d, 0, `{"name":"Ana"}`, header); status != http.StatusForbidden || answer.Token != "" {
			t.Errorf("POST /v1/guest with %v is answered with %d %+v", header, status, answer)
		}
	}
}

// TestGuestsPerMinute: an address makes five, and says in vain that it is another.
func TestGuestsPerMinute(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone())
	for i := range 5 {
		if status, answer := askForGuest(t, d, 0, `{"name":"Ana"}`, nil); status != http.StatusOK {
			t.Fatalf("guest %d is answered with %d %+v", i+1, status, answer)
		}
	}
	for _, header := range []http.Header{nil, {"X-Forwarded-For": {"203.0.113.7"}}, {"Forwarded": {"for=203.0.113.7"}}, {"X-Real-Ip": {"203.0.113.7"}}} {
		if status, answer := askForGuest(t, d, 0, `{"name":"Ana"}`, header); status != http.StatusTooManyRequests || answer.Code != "RATE_LIMITED" {
			t.Errorf("a sixth guest, with %v, is answered with %d %+v", header, status, answer)
		}
	}
}
