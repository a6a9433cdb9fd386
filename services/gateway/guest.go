package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/token"
)

// guestBody is the most bytes of a request for a guest's token.
const guestBody = 16 << 10

// guestDesk answers POST /v1/guest: a token for who gives a name, or a newer
// one for who still has one.
type guestDesk struct {
	guests   *token.Guests // nil: not allowed
	from     addresses
	visitors *visitors
	// revoked is the time before which a user's tokens are void.
	revoked func(ctx context.Context, user string) (time.Time, error)
}

type guestRequest struct {
	Name  string `json:"name"`
	Token string `json:"token"`
}

type guestUser struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type guestReply struct {
	Token string    `json:"token"`
	User  guestUser `json:"user"`
}

func (g *guestDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if g.guests == nil {
		httpError(w, http.StatusForbidden, "FORBIDDEN", "guests are not allowed here; sign in", "")
		return
	}
	if wait, ok := g.visitors.take(household(g.from.of(r)), time.Now()); !ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		httpError(w, http.StatusTooManyRequests, "RATE_LIMITED", "too many guests from this address; try again later", "")
		return
	}
	request, ok := readGuest(w, r)
	if !ok {
		return
	}
	text, claims, err := g.issue(r.Context(), request)
	if err != nil {
		if r := new(refused); errors.As(err, &r) {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
			httpError(w, http.StatusServiceUnavailable, r.GetCode().String(), r.GetMessage(), "")
			return
		}
		var told *token.Error
		if !errors.As(err, &told) {
			httpError(w, http.StatusInternalServerError, "INTERNAL", "the token could not be made", "")
			return
		}
		status, code := http.StatusBadRequest, "BAD_REQUEST"
		if told.Field == "token" {
			status, code = http.StatusUnauthorized, "UNAUTHENTICATED"
		}
		httpError(w, status, code, told.Message, told.Field)
		return
	}
	httpJSON(w, http.StatusOK, guestReply{Token: text, User: guestUser{ID: claims.User, Name: claims.Name}})
}

func (g *guestDesk) issue(ctx context.Context, r guestRequest) (string, token.Claims, error) {
	if r.Token == "" {
		return g.guests.Issue(r.Name)
	}
	old, err := g.guests.Verify(r.Token)
	if err != nil {
		return "", token.Claims{}, err
	}
	before, err := g.revoked(ctx, old.User)
	if err != nil {
		return "", token.Claims{}, err
	}
	if old.IssuedAt.Before(before) { // or a newer one would be good again
		return "", token.Claims{}, &token.Error{Field: "token", Message: voidToken().GetMessage()}
	}
	return g.guests.Renew(r.Token, r.Name)
}

// revokedBefore asks history for the time before which a user's tokens are
// void; zero if none are.
func (g *Gateway) revokedBefore(ctx context.Context, user string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, questionTimeout)
	defer cancel()
	answer, err := g.questions.revocations(ctx, &chatv1.AskRevocations{User: user})
	if err != nil {
		return time.Time{}, &refused{refusalOf(err)}
	}
	for _, r := range answer.GetRevocations() {
		return time.UnixMilli(r.GetBeforeMs()), nil
	}
	return time.Time{}, nil
}

// readGuest reads the request, and answers where it cannot. What the body is
// called does not matter: another site's script is kept out by its origin.
func readGuest(w http.ResponseWriter, r *http.Request) (request guestRequest, ok bool) {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, guestBody)).Decode(&request)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		httpError(w, http.StatusRequestEntityTooLarge, "TOO_LARGE", "the request is too large", "")
	case err != nil:
		httpError(w, http.StatusBadRequest, "BAD_REQUEST", `the request is not JSON like {"name":"Ana"}`, "")
	}
	return request, err == nil
}

// httpError answers with the same fields as an error frame.
func httpError(w http.ResponseWriter, status int, code, message, field string) {
	httpJSON(w, status, struct {
		Code    string `json:"code"`
		Message string `json:"message"`
		Field   string `json:"field,omitempty"`
	}{code, message, field})
}

func httpJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // an error is the client's going away
}
