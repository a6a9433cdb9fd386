package subject

import (
	"errors"
	"strings"
)

const hex = "0123456789ABCDEF"

// ErrToken says that a token was not made by [Token].
var ErrToken = errors.New("subject: not an escaped token")

// Token escapes an id into one subject token, also a valid key of a KV
// bucket. The empty id becomes "=", which no other id becomes.
func Token(id string) string {
	if id == "" {
		return "="
	}
	unsafe := 0
	for i := range len(id) {
		if !safe(id[i]) {
			unsafe++
		}
	}
	if unsafe == 0 {
		return id
	}
	var b strings.Builder
	b.Grow(len(id) + 2*unsafe)
	for i := range len(id) {
		if c := id[i]; safe(c) {
			b.WriteByte(c)
		} else {
			b.WriteByte('=')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}

// ID is the id that [Token] made the token from, or [ErrToken].
func ID(token string) (string, error) {
	if token == "=" {
		return "", nil
	}
	var b strings.Builder
	b.Grow(len(token))
	for i := 0; i < len(token); i++ {
		c := token[i]
		if safe(c) {
			b.WriteByte(c)
			continue
		}
		if c != '=' || i+2 >= len(token) {
			return "", ErrToken
		}
		high, low := strings.IndexByte(hex, token[i+1]), strings.IndexByte(hex, token[i+2])
		if high < 0 || low < 0 || safe(byte(high<<4|low)) {
			return "", ErrToken
		}
		b.WriteByte(byte(high<<4 | low))
		i += 2
	}
	if b.Len() == 0 {
		return "", ErrToken
	}
	return b.String(), nil
}

func safe(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
