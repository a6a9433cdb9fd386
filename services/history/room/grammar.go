package room

import (
	"strings"
	"unicode"
	"unicode/utf8"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// CheckRoom refuses an id that is not [a-z0-9][a-z0-9_-]{0,63}.
func CheckRoom(id string) *chatv1.Refusal {
	ok := len(id) >= 1 && len(id) <= maxRoom && id[0] != '_' && id[0] != '-'
	for i := 0; ok && i < len(id); i++ {
		c := id[i]
		ok = 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '_' || c == '-'
	}
	if !ok {
		return badField("room", "a room id has 1 to %d of a-z, 0-9, _ and -, and begins with a letter or digit", maxRoom)
	}
	return nil
}

// CheckUser refuses an id that is not 1 to 128 bytes of UTF-8 without control
// characters.
func CheckUser(field, id string) *chatv1.Refusal {
	if id == "" || len(id) > maxUser || !utf8.ValidString(id) || strings.ContainsFunc(id, unicode.IsControl) {
		return badField(field, "a user id has 1 to %d bytes of UTF-8 without control characters", maxUser)
	}
	return nil
}

// CheckClientMsgID refuses an id that is not 1 to 64 bytes of printable ASCII.
func CheckClientMsgID(id string) *chatv1.Refusal {
	ok := len(id) >= 1 && len(id) <= maxClientMsgID
	for i := 0; ok && i < len(id); i++ {
		ok = id[i] > ' ' && id[i] <= '~'
	}
	if !ok {
		return badField("clientMsgId", "clientMsgId has 1 to %d bytes of printable ASCII without spaces; a UUID serves", maxClientMsgID)
	}
	return nil
}

func checkName(name string) *chatv1.Refusal {
	switch {
	case len(name) > maxName:
		return tooLarge("name", len(name), maxName)
	case blank(name):
		return badField("name", "a room needs a name of 1 to %d bytes", maxName)
	case !plain(name):
		return badField("name", "a name is UTF-8 without control characters")
	}
	return nil
}

func checkTopic(topic string) *chatv1.Refusal {
	switch {
	case len(topic) > maxTopic:
		return tooLarge("topic", len(topic), maxTopic)
	case !plain(topic):
		return badField("topic", "a topic is UTF-8 without control characters")
	}
	return nil
}

func checkText(text string, limit int) *chatv1.Refusal {
	switch {
	case len(text) > limit:
		return tooLarge("text", len(text), limit)
	case blank(text):
		return badField("text", "a message needs text: 1 to %d bytes, not only white space", limit)
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return badField("text", "text is UTF-8 without NUL")
	}
	return nil
}

func plain(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// blank tells whether nobody would see anything: white space, and the
// characters that only join or hide others.
func blank(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r) && !unicode.IsControl(r)
	})
}
