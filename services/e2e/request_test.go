package e2e_test

import (
	"fmt"
	"maps"
	"strings"
)

// request is one of the protocol's requests, with what each field is.
type request struct {
	name   string
	fields []field
}

type field struct {
	name   string
	kind   kind
	needed bool
	good   any
}

// body is a request that is right, but for what it would do.
func (r request) body() M {
	body := M{}
	for _, f := range r.fields {
		if f.needed {
			body[f.name] = f.good
		}
	}
	return body
}

// kind gives the values, as JSON, that a kind of field must not have; the
// names are for messages.
type kind func() map[string]string

// wrong also leaves the field out where it is needed.
func (k kind) wrong(needed bool) map[string]string {
	values := maps.Clone(k())
	if needed {
		values["nothing"] = ""
		values["null"] = "null"
	}
	return values
}

// requests are all of section 6 but hello, refresh and ping, which have tests
// of their own.
func requests(room string) []request {
	roomField := field{"room", roomID, true, room}
	user := field{"user", userID, true, "somebody"}
	seq := field{"seq", number, true, 1}
	limit := field{"limit", pageLimit, false, 1}
	cursor := field{"cursor", text(1 << 10), false, ""}
	reason := field{"reason", text(1 << 10), false, ""}
	until := field{"until", moment, false, nil}
	words := field{"text", message, true, "x"}
	return []request{
		{"send", []field{roomField, {"clientMsgId", clientMsgID, true, "a"}, words, {"data", object, false, nil}, {"replyTo", number, false, 1}, {"thread", number, false, 1}, {"attempt", numberOrZero, false, 1}}},
		{"edit", []field{roomField, seq, words}},
		{"delete", []field{roomField, seq}},
		{"react", []field{roomField, seq, {"emoji", label(64), true, "+"}, {"remove", boolean, false, true}}},
		{"typing", []field{roomField, {"stop", boolean, false, true}}},
		{"read", []field{roomField, {"seq", numberOrZero, false, 1}}},
		{"status", []field{{"state", enum("OFFLINE", "PRESENCE_STATE_UNSPECIFIED", "OWNER"), true, "AWAY"}, {"text", text(128), false, ""}}},
		{"signal", []field{roomField, {"name", label(64), true, "x"}, {"data", object, false, nil}}},
		{"createRoom", []field{
			{"room", roomID, false, ""}, {"name", label(128), true, "x"}, {"kind", enum("DIRECT", "ROOM_KIND_UNSPECIFIED", "OWNER"), true, "PUBLIC"},
			{"topic", text(1 << 10), false, ""}, {"members", members, false, nil},
		}},
		{"openDirect", []field{user}},
		{"updateRoom", []field{roomField, {"name", label(128), false, ""}, {"topic", text(1 << 10), false, ""}, {"slowModeSeconds", slowMode, false, 1}, {"archived", boolean, false, true}}},
		{"deleteRoom", []field{roomField}},
		{"join", []field{roomField}},
		{"leave", []field{roomField}},
		{"invite", []field{roomField, user}},
		{"kick", []field{roomField, user, reason}},
		{"ban", []field{roomField, user, until, reason}},
		{"unban", []field{roomField, user}},
		{"mute", []field{roomField, user, until}},
		{"unmute", []field{roomField, user}},
		{"setRole", []field{roomField, user, {"role", enum("ROLE_UNSPECIFIED", "PUBLIC", "ADMIN"), true, "MEMBER"}}},
		{"watch", []field{roomField, {"seq", numberOrZero, false, 1}}},
		{"unwatch", []field{roomField}},
		{"rooms", []field{{"query", text(128), false, ""}, cursor, limit}},
		{"members", []field{roomField, cursor, limit}},
		{"presence", []field{roomField}},
		{"messages", []field{roomField, {"before", numberOrZero, false, 1}, {"after", numberOrZero, false, 1}, {"around", numberOrZero, false, 1}, {"thread", number, false, 1}, limit}},
		{"search", []field{{"query", label(1 << 10), true, "x"}, {"room", roomID, false, room}, {"from", userID, false, "x"}, {"before", moment, false, nil}, {"after", moment, false, nil}, cursor, limit}},
	}
}

// hostileRooms are no room ids, and some would be more in a subject.
func hostileRooms() []string {
	return []string{
		"", ">", "*", ".", "a.b", "a.>", "a.*", " ", "a b", "a\tb", "a\r\nPUB chat.evt.x 1", "\x00", "=3E", "A", "-a", "_a", "a/b", "../a", "安", "é", "$JS.API.STREAM.DELETE.CHAT_LOG_0",
		"$SYS.>", "_INBOX.x", strings.Repeat("r", 65), strings.Repeat("r", 10<<10),
	}
}

func quoted(values ...string) map[string]string {
	all := map[string]string{}
	for _, value := range values {
		all[fmt.Sprintf("%.40q", value)] = jsonString(value)
	}
	return all
}

func jsonString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		if r < ' ' || r == '"' || r == '\\' {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func joined(parts ...map[string]string) map[string]string {
	all := map[string]string{}
	for _, part := range parts {
		maps.Copy(all, part)
	}
	return all
}

func noString() map[string]string {
	return map[string]string{"a number": "7", "a truth": "true", "a list": "[]", "an object": "{}"}
}

func roomID() map[string]string { return joined(noString(), quoted(hostileRooms()...)) }

func userID() map[string]string {
	return joined(noString(), quoted("", "a\nb", "\x00", "\u0085", strings.Repeat("u", 129), strings.Repeat("u", 10<<10)))
}

func clientMsgID() map[string]string {
	return joined(noString(), quoted("", "a b", "é", "a\nb", strings.Repeat("i", 65), strings.Repeat("i", 10<<10)))
}

func text(most int) kind {
	return func() map[string]string { return joined(noString(), quoted(strings.Repeat("t", most+1), "a\x00b")) }
}

func label(most int) kind {
	return func() map[string]string { return joined(text(most)(), quoted("", " ", "\u200b", "a\nb")) }
}

func message() map[string]string {
	return joined(noString(), quoted("", " \n", "\u200b\u2060", "a\x00b", strings.Repeat("t", 16<<10+1)))
}

func numberOrZero() map[string]string {
	return map[string]string{
		"a word": `"x"`, "negative": "-1", "a fraction": "1.5", "33 bits": "4294967296", "huge": "1e100", "a truth": "true", "a list": "[1]", "an object": "{}", "an empty string": `""`,
	}
}

func number() map[string]string { return joined(numberOrZero(), map[string]string{"zero": "0"}) }

func pageLimit() map[string]string {
	return joined(number(), map[string]string{"101": "101", "a billion": "1000000000"})
}

func slowMode() map[string]string {
	return joined(numberOrZero(), map[string]string{"a long time": "21601"})
}

func boolean() map[string]string {
	return map[string]string{"a word": `"true"`, "a number": "1", "a list": "[]", "an object": "{}"}
}

func object() map[string]string {
	return map[string]string{"a word": `"x"`, "a number": "7", "a list": "[]", "a truth": "true", "5 KiB": `{"x":"` + strings.Repeat("d", 5<<10) + `"}`, "NUL": `{"x":"\u0000"}`}
}

func enum(others ...string) kind {
	return func() map[string]string {
		return joined(quoted(append(others, "", "NOPE", "owner", " OWNER")...), map[string]string{"an unknown number": "99", "negative": "-1", "zero": "0", "a fraction": "1.5", "a truth": "true", "an object": "{}"})
	}
}

func moment() map[string]string {
	return map[string]string{"a word": `"tomorrow"`, "a number": "7", "no zone": `"2030-01-01T00:00:00"`, "month 13": `"2030-13-01T00:00:00Z"`, "an object": "{}"}
}

func members() map[string]string {
	many := make([]string, 101)
	for i := range many {
		many[i] = fmt.Sprintf(`"u%d"`, i)
	}
	return map[string]string{"a word": `"x"`, "numbers": "[7]", "an empty user": `[""]`, "an object": "{}", "101": "[" + strings.Join(many, ",") + "]", "null": "[null]", "control characters": `["a\u000ab"]`}
}
