package frame

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth is how deep objects and lists may be nested in a frame.
const maxDepth = 32

// scanner walks over JSON text that is known to be UTF-8. After the first
// error it is stuck: every method does nothing then.
type scanner struct {
	data  []byte
	pos   int
	depth int
	err   string // what is wrong with the text; empty: nothing so far
}

func (s *scanner) fail(format string, args ...any) {
	if s.err == "" {
		s.err = fmt.Sprintf(format, args...)
		s.pos = len(s.data)
	}
}

// peek is the next byte that is not white space, or 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// open enters an object or a list.
func (s *scanner) open(bracket byte) {
	if s.peek() != bracket {
		s.expected(string(bracket))
		return
	}
	s.pos++
	if s.depth++; s.depth > maxDepth {
		s.fail("it is nested deeper than %d", maxDepth)
	}
}

// more tells whether another element follows, and leaves the object or list
// where none does.
func (s *scanner) more(bracket byte, first bool) bool {
	c := s.peek()
	switch {
	case s.err != "":
		return false
	case c == bracket:
		s.pos++
		s.depth--
		return false
	case first:
		return true
	case c == ',':
		s.pos++
		return true
	}
	s.expected(", or " + string(bracket))
	return false
}

// key reads a name of an object up to its colon. The bytes are valid until the
// next call.
func (s *scanner) key() []byte {
	name, valid := s.name()
	if !valid {
		s.fail("a name holds half of a surrogate pair")
	}
	return name
}

// name is key where the caller says what is wrong with a name that is not
// valid, as for text.
func (s *scanner) name() (name []byte, valid bool) {
	if s.peek() != '"' {
		s.expected("a name in quotes")
		return nil, true
	}
	raw, plain := s.quoted()
	if s.peek() != ':' {
		s.expected("a colon")
		return nil, true
	}
	s.pos++
	if plain {
		return raw, true
	}
	text, valid := unescape(raw)
	return []byte(text), valid
}

// text reads a string. It is not valid where an escape stands for half a
// character.
func (s *scanner) text() (text string, valid bool) {
	raw, plain := s.quoted()
	if plain {
		return string(raw), true
	}
	return unescape(raw)
}

// quoted reads a string up to its closing quote; plain if nothing is escaped.
func (s *scanner) quoted() (raw []byte, plain bool) {
	s.pos++
	begin := s.pos
	plain = true
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			return s.data[begin : s.pos-1], plain
		case c < ' ':
			s.fail("there is a control character in a string; write it as \\u%04x", c)
			return nil, true
		case c == '\\':
			plain = false
			s.escape()
		default:
			s.pos++
		}
	}
	s.fail("it ends in the middle of a string")
	return nil, true
}

// escape steps over what a backslash begins.
func (s *scanner) escape() {
	rest := s.data[s.pos+1:]
	switch {
	case len(rest) >= 1 && strings.IndexByte(`"\/bfnrt`, rest[0]) >= 0:
		s.pos += 2
	case len(rest) >= 5 && rest[0] == 'u' && hex4(rest[1:5]) >= 0:
		s.pos += 6
	default:
		s.fail("there is an unknown escape in a string")
	}
}

// unescape is the string that checked text between quotes stands for; not
// valid where an escape is half of a surrogate pair.
func unescape(raw []byte) (text string, valid bool) {
	var b strings.Builder
	b.Grow(len(raw))
	valid = true
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c != '\\' {
			b.WriteByte(c)
			continue
		}
		i++
		if raw[i] != 'u' {
			b.WriteByte(unescapeTable[strings.IndexByte(`"\/bfnrt`, raw[i])])
			continue
		}
		r := rune(hex4(raw[i+1:]))
		i += 4
		if utf16.IsSurrogate(r) {
			low := rune(-1)
			if i+6 < len(raw) && raw[i+1] == '\\' && raw[i+2] == 'u' {
				low = rune(hex4(raw[i+3:]))
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return "", false
			}
			i += 6
		}
		b.WriteRune(r)
	}
	return b.String(), valid
}

const unescapeTable = "\"\\/\b\f\n\r\t"

// hex4 is the value of four hexadecimal digits, or -1.
func hex4(b []byte) int {
	v := 0
	for _, c := range b[:4] {
		switch {
		case '0' <= c && c <= '9':
			v = v<<4 | int(c-'0')
		case 'a' <= c && c <= 'f':
			v = v<<4 | int(c-'a'+10)
		case 'A' <= c && c <= 'F':
			v = v<<4 | int(c-'A'+10)
		default:
			return -1
		}
	}
	return v
}

// number reads a number's text.
func (s *scanner) number() []byte {
	s.peek()
	begin := s.pos
	s.accept('-', '-')
	if !s.accept('0', '0') && !s.digits() {
		s.expected("a value")
		return nil
	}
	if s.accept('.', '.') && !s.digits() {
		s.fail("a number ends in its point")
		return nil
	}
	if s.accept('e', 'e') || s.accept('E', 'E') {
		if !s.accept('+', '+') {
			s.accept('-', '-')
		}
		if !s.digits() {
			s.fail("a number has no exponent after its e")
			return nil
		}
	}
	return s.data[begin:s.pos]
}

func (s *scanner) digits() bool {
	if !s.accept('0', '9') {
		return false
	}
	for s.accept('0', '9') {
	}
	return true
}

func (s *scanner) accept(low, high byte) bool {
	if s.pos < len(s.data) && low <= s.data[s.pos] && s.data[s.pos] <= high {
		s.pos++
		return true
	}
	return false
}

// word steps over true, false or null.
func (s *scanner) word(word string) bool {
	if s.peek(); len(s.data)-s.pos >= len(word) && string(s.data[s.pos:s.pos+len(word)]) == word {
		s.pos += len(word)
		return true
	}
	return false
}

// skip steps over any value.
func (s *scanner) skip() {
	switch s.peek() {
	case '{':
		s.open('{')
		for first := true; s.more('}', first); first = false {
			s.key()
			s.skip()
		}
	case '[':
		s.open('[')
		for first := true; s.more(']', first); first = false {
			s.skip()
		}
	case '"':
		if _, valid := s.text(); !valid {
			s.fail("a string holds half of a surrogate pair")
		}
	default:
		if !s.word("true") && !s.word("false") && !s.word("null") {
			s.number()
		}
	}
}

// end fails unless nothing but white space is left.
func (s *scanner) end() {
	if s.peek() != 0 || s.err == "" && s.pos < len(s.data) {
		s.fail("something follows after the end of the frame")
	}
}

func (s *scanner) expected(what string) {
	if s.pos >= len(s.data) {
		s.fail("it ends where %s should be", what)
		return
	}
	s.fail("at byte %d there should be %s", s.pos+1, what)
}
