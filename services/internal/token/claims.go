package token

import (
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
)

const (
	// MaxUser and MaxName bound user ids and names, in bytes.
	MaxUser = 128
	MaxName = 128
	// GuestPrefix begins the user ids of guests.
	GuestPrefix = "guest:"

	maxToken  = 8 << 10
	maxAvatar = 2 << 10
)

// Claims are what a token says of its user.
type Claims struct {
	// User id: 1-128 bytes of UTF-8 without control characters.
	User string
	// Name to show, at most 128 bytes; empty if the token has none.
	Name string
	// Avatar is an http or https URL, or empty.
	Avatar string
	// IssuedAt is zero if the token does not say; to a revocation such a
	// token is an old one.
	IssuedAt time.Time
	Expires  time.Time
	// Guest: the token is of natter's own making.
	Guest bool
}

// payload is a token's JSON.
type payload struct {
	Name    string `json:"name,omitempty"`
	Picture string `json:"picture,omitempty"`
	jwt.RegisteredClaims
}

func (p payload) claims() (Claims, error) {
	if err := checkUser(p.Subject); err != nil {
		return Claims{}, err
	}
	name := strings.TrimSpace(p.Name)
	if err := checkName("token", "the claim name", name, 0); err != nil {
		return Claims{}, err
	}
	c := Claims{User: p.Subject, Name: name, Avatar: avatar(p.Picture), Expires: p.ExpiresAt.Time}
	if p.IssuedAt != nil {
		c.IssuedAt = p.IssuedAt.Time
	}
	return c, nil
}

func checkUser(id string) error {
	switch {
	case id == "":
		return invalid("token", "the token has no claim sub (the user's id)", nil)
	case len(id) > MaxUser:
		return invalid("token", "the claim sub is longer than 128 bytes", nil)
	case !plain(id):
		return invalid("token", "the claim sub holds control characters or is not UTF-8", nil)
	}
	return nil
}

// checkName judges a trimmed name; what names it in the message.
func checkName(field, what, name string, least int) error {
	switch {
	case len(name) < least:
		return invalid(field, what+" is empty", nil)
	case len(name) > MaxName:
		return invalid(field, what+" is longer than 128 bytes", nil)
	case !plain(name):
		return invalid(field, what+" holds control characters or is not UTF-8", nil)
	}
	return nil
}

func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// avatar drops what is not the address of a picture on the web: a token with
// such is still its user's.
func avatar(picture string) string {
	u, err := url.Parse(picture)
	if err != nil || len(picture) > maxAvatar || u.Host == "" || (u.Scheme != "https" && u.Scheme != "http") {
		return ""
	}
	return picture
}
