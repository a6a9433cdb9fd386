package frame

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// IsRoom tells whether a room may have this id: [a-z0-9][a-z0-9_-]{0,63}.
func IsRoom(id string) bool {
	if id == "" || len(id) > maxRoom || id[0] == '_' || id[0] == '-' {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if ('a' > c || c > 'z') && ('0' > c || c > '9') && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// IsUser tells whether a user may have this id: 1 to 128 bytes of UTF-8
// without control characters.
func IsUser(id string) bool {
	return id != "" && len(id) <= maxUser && plain(id)
}

// isClientMsgID: 1 to 64 bytes of printable ASCII, without the space.
func isClientMsgID(id string) bool {
	if id == "" || len(id) > maxClientMsgID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f {
			return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
		}
	}
	return true
}

// blank tells whether nobody would see anything: white space, and characters
// that only join or hide others.
func blank(s string) bool {
	for i := range len(s) {
		if c := s[i]; ' ' < c && c < 0x7f {
			return false
		}
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.IsControl(r)
	})
}

func hasNUL(s string) bool { return strings.IndexByte(s, 0) >= 0 }

// maxMarks is how many marks may stand on one character: Unicode's stream-safe
// form (UAX #15) has as many. Towers of them only make a page unreadable.
const maxMarks = 30

// towering tells whether more marks than that stand on one character.
func towering(s string) bool {
	marks := 0
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf || !unicode.In(r, unicode.Mn, unicode.Me):
			marks = 0
		case marks == maxMarks:
			return true
		default:
			marks++
		}
	}
	return false
}
