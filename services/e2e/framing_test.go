package e2e_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// part is one masked frame with a first byte of one's own.
func part(first byte, payload string) []byte {
	return append(wire.AppendHeader(nil, first, 0x80, len(payload)), payload...)
}

// sized is a header whose length is written in 2 or 8 bytes, needed or not.
func sized(first byte, width int, length uint64) []byte {
	mark := map[int]byte{2: 126, 8: 127}[width]
	wide := binary.BigEndian.AppendUint64(nil, length)
	return append(append([]byte{first, 0x80 | mark}, wide[8-width:]...), 0, 0, 0, 0)
}

const (
	final      = 0x80
	textBegins = wire.Text
	goesOn     = 0
)

// violations are frames that no client may send, by section of RFC 6455, and
// the code that is right for each.
func violations() map[string]violation {
	all := map[string]violation{
		"5.1 not masked":                     {wire.AppendHeader(nil, final|wire.Text, 0, 2), 1002},
		"5.1 ping not masked":                {wire.AppendHeader(nil, final|wire.Ping, 0, 0), 1002},
		"5.1 close not masked":               {append(wire.AppendHeader(nil, final|wire.Close, 0, 5), "\x03\xe8bye"...), 1002},
		"5.2 RSV1":                           {part(final|0x40|wire.Text, "{}"), 1002},
		"5.2 RSV2":                           {part(final|0x20|wire.Text, "{}"), 1002},
		"5.2 RSV3":                           {part(final|0x10|wire.Text, "{}"), 1002},
		"5.2 all RSV":                        {part(final|0x70|wire.Text, "{}"), 1002},
		"5.2 RSV1 on a ping":                 {part(final|0x40|wire.Ping, ""), 1002},
		"5.2 RSV1 on a continuation":         {append(part(textBegins, "{"), part(final|0x40, "}")...), 1002},
		"5.2 2^62":                           {sized(final|wire.Text, 8, 1<<62), 1009},
		"5.2 2^63, which is negative":        {sized(final|wire.Text, 8, 1<<63), 1009},
		"5.2 2^64-1":                         {sized(final|wire.Text, 8, 1<<64-1), 1009},
		"5.2 2^63 in a continuation":         {append(part(textBegins, "{"), sized(final, 8, 1<<63)...), 1009},
		"5.2 2^63-1 in a continuation":       {append(part(textBegins, "{"), sized(final, 8, 1<<63-1)...), 1009},
		"5.2 a terabyte":                     {sized(final|wire.Text, 8, 1<<40), 1009},
		"5.2 just over the limit":            {sized(final|wire.Text, 8, frameLimit+1), 1009},
		"5.2 5 in two bytes":                 {sized(final|wire.Text, 2, 5), 1002},
		"5.2 125 in two bytes":               {sized(final|wire.Text, 2, 125), 1002},
		"5.2 126 in eight bytes":             {sized(final|wire.Text, 8, 126), 1002},
		"5.2 65535 in eight bytes":           {sized(final|wire.Text, 8, 65535), 1002},
		"5.2 0 in eight bytes, continuation": {append(part(textBegins, "{"), sized(final, 8, 0)...), 1002},
		"5.4 continues nothing":              {part(final, "{}"), 1002},
		"5.4 continues nothing, not final":   {part(goesOn, "{}"), 1002},
		"5.4 continues a whole message":      {append(part(final|wire.Text, `{}`), part(final, "{}")...), 1002},
		"5.4 text within a text":             {append(part(textBegins, "{"), part(final|wire.Text, "{}")...), 1002},
		"5.4 binary within a text":           {append(part(textBegins, "{"), part(final|wire.Binary, "{}")...), 1002},
		"5.4 endless small fragments":        {append(part(textBegins, "{"), []byte(strings.Repeat(string(part(goesOn, " ")), frameLimit))...), 1009},
		"5.4 endless empty fragments":        {append(part(textBegins, "{"), []byte(strings.Repeat(string(part(goesOn, "")), frameLimit))...), 1009},
		"5.4 fragments just over the limit":  {append(part(textBegins, strings.Repeat(" ", 40_000)), sized(final, 2, frameLimit-40_000+1)...), 1009},
		"5.5 ping of 126":                    {part(final|wire.Ping, strings.Repeat("x", 126)), 1002},
		"5.5 pong of 126":                    {part(final|wire.Pong, strings.Repeat("x", 126)), 1002},
		"5.5 close of 126":                   {part(final|wire.Close, "\x03\xe8"+strings.Repeat("x", 124)), 1002},
		"5.5 ping of a terabyte":             {sized(final|wire.Ping, 8, 1<<40), 1002},
		"5.5 ping in fragments":              {part(wire.Ping, ""), 1002},
		"5.5 pong in fragments":              {part(wire.Pong, ""), 1002},
		"5.5 close in fragments":             {part(wire.Close, "\x03\xe8"), 1002},
		"5.5.1 half a code":                  {part(final|wire.Close, "\x03"), 1002},
		"5.5.1 reason not UTF-8":             {part(final|wire.Close, "\x03\xe8\xff"), 1007},
		"5.5.1 reason with a surrogate":      {part(final|wire.Close, "\x03\xe8\xed\xa0\x80"), 1007},
		"5.5.1 reason cut within a letter":   {part(final|wire.Close, "\x03\xe8"+strings.Repeat("x", 122)+"\xc3"), 1007},
		"5.6 binary for JSON":                {part(final|wire.Binary, "\x08\x01"), 1003},
		"5.6 binary that does not end":       {part(wire.Binary, "\x08"), 1003},
		"8.1 half a character at the end":    {part(final|wire.Text, "{\"x\":\"\xe5\xae"), 1007},
		"8.1 half a character, fragments":    {append(part(textBegins, "\"\xe5"), part(final, "")...), 1007},
		"8.1 bad at once, message goes on":   {part(textBegins, "{\xff"), 1007},
		"8.1 bad over two fragments":         {append(part(textBegins, "{\"\xe5"), part(goesOn, "\"")...), 1007},
	}
	for opcode := byte(3); opcode < 16; opcode++ {
		if opcode < 8 || opcode > 10 {
			all[fmt.Sprint("5.2 opcode ", opcode)] = violation{part(final|opcode, ""), 1002}
		}
	}
	for name, bad := range map[string]string{
		"a lone byte": "\x80", "overlong /": "\xc0\xaf", "overlong, 3 bytes": "\xe0\x80\xaf", "overlong NUL": "\xc0\x80", "a high surrogate": "\xed\xa0\x80",
		"a low surrogate": "\xed\xbf\xbf", "a pair of surrogates": "\xed\xa0\xbd\xed\xb8\x80", "U+110000": "\xf4\x90\x80\x80", "5 bytes": "\xf8\x88\x80\x80\x80", "FE": "\xfe", "FF": "\xff",
	} {
		all["8.1 "+name] = violation{part(final|wire.Text, `{"id":1,"ping":{},"x":"`+bad+`"}`), 1007}
	}
	for _, code := range []uint16{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65535} {
		all[fmt.Sprint("7.4 code ", code)] = violation{part(final|wire.Close, string(binary.BigEndian.AppendUint16(nil, code))), 1002}
	}
	return all
}

type violation struct {
	bytes []byte
	code  int
}

// TestViolations: each breach of RFC 6455 is answered with its code, whole in
// one segment or byte by byte.
func TestViolations(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		var wg sync.WaitGroup
		for name, v := range violations() {
			wg.Go(func() {
				if code, err := closeOf(gateway(d, 0), v.bytes); err != nil || code != v.code {
					t.Errorf("%s: closed with %d (%v), want %d", name, code, err, v.code)
				}
			})
			if len(v.bytes) > 200 {
				continue
			}
			wg.Go(func() {
				if code, err := closeOfSlow(gateway(d, 0), v.bytes); err != nil || code != v.code {
					t.Errorf("%s, byte by byte: closed with %d (%v), want %d", name, code, err, v.code)
				}
			})
		}
		wg.Wait()
		enter(t, d, 0, unique(t, "ana")).ping()
	})
}

// closeOfSlow sends each byte in a segment of its own, as far as the gateway
// still takes them.
func closeOfSlow(gateway string, bytes []byte) (int, error) {
	c, err := wire.Dial(gateway, client.Subprotocol, client.Patience)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	for i := range bytes {
		if _, err := c.Write(bytes[i : i+1]); err != nil {
			break // it has been closed, and said why
		}
	}
	return c.ReadClose(client.Patience)
}

// TestCloseFrames: an orderly close is answered with its code, whatever comes
// after it.
func TestCloseFrames(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		coded := func(code uint16, reason string) []byte {
			return part(final|wire.Close, string(binary.BigEndian.AppendUint16(nil, code))+reason)
		}
		for name, tt := range map[string]violation{
			"no code":           {part(final|wire.Close, ""), 1005},
			"a reason of 123":   {coded(1000, strings.Repeat("x", 123)), 1000},
			"a reason in UTF-8": {coded(1001, "再见"), 1001},
			"text after it":     {append(coded(1000, ""), part(final|wire.Text, `{"id":1,"ping":{}}`)...), 1000},
			"much after it":     {append(coded(1000, ""), []byte(strings.Repeat("\xff", 100_000))...), 1000},
			"within a message":  {append(part(textBegins, "{"), coded(1000, "")...), 1000},
			"1003":              {coded(1003, ""), 1003}, "1007": {coded(1007, ""), 1007}, "1008": {coded(1008, ""), 1008}, "1009": {coded(1009, ""), 1009},
			"1010": {coded(1010, ""), 1010}, "1011": {coded(1011, ""), 1011}, "1012": {coded(1012, ""), 1012}, "1013": {coded(1013, ""), 1013},
			"3000": {coded(3000, ""), 3000}, "3999": {coded(3999, ""), 3999}, "4000": {coded(4000, ""), 4000}, "4999": {coded(4999, ""), 4999},
		} {
			code, err := closeOf(gateway(d, 0), tt.bytes)
			if err != nil || code != tt.code {
				t.Errorf("close with %s: answered with %d (%v), want %d", name, code, err, tt.code)
			}
		}
	})
}

// raw is a connection by hand that has said hello.
func raw(t testing.TB, d *shape.Deployment, user string) *wire.Conn {
	t.Helper()
	c, err := wire.Dial(gateway(d, 0), client.Subprotocol, client.Patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(client.Patience)); err != nil {
		t.Fatal(err)
	}
	put(t, c, wire.Append(nil, wire.Text, []byte(`{"id":1,"hello":{"token":"`+token.For(user, user).Sign(d.JWTSecret)+`"}}`)))
	take(t, c, wire.Text, `"welcome"`)
	return c
}

func put(t testing.TB, c *wire.Conn, bytes []byte) {
	t.Helper()
	if _, err := c.Write(bytes); err != nil {
		t.Fatal(err)
	}
}

// take waits for a frame of a kind that holds something.
func take(t testing.TB, c *wire.Conn, kind byte, holds string) {
	t.Helper()
	for {
		opcode, payload, err := c.Read()
		if err != nil {
			t.Fatalf("no frame with %.100q: %v", holds, err)
		}
		if opcode == kind && strings.Contains(string(payload), holds) {
			return
		}
	}
}

// TestFragments: a message is the same in however many pieces, cut wherever,
// with control frames in between.
func TestFragments(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := raw(t, d, unique(t, "ana"))
		const unknown = `{"id":7,"ping":{},"x":"a£€😀安"}`
		for cut := range len(unknown) + 1 {
			frames := part(textBegins, unknown[:cut])
			frames = append(frames, part(final|wire.Ping, "between")...)
			frames = append(frames, part(goesOn, "")...)
			frames = append(frames, part(final|wire.Pong, "unasked")...)
			put(t, c, append(frames, part(final, unknown[cut:])...))
			take(t, c, wire.Pong, "between")
			take(t, c, wire.Text, `"pong"`)
		}
		pieces := part(textBegins, "")
		for i := range len(unknown) {
			pieces = append(pieces, part(goesOn, unknown[i:i+1])...)
		}
		pieces = append(pieces, part(final, "")...)
		for i := range pieces { // and each byte by itself
			put(t, c, pieces[i:i+1])
		}
		take(t, c, wire.Text, `"pong"`)
	})
}

// TestLengths: up to the limit each length is taken, in its shortest form, in
// one frame or several.
func TestLengths(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := raw(t, d, unique(t, "ana"))
		for _, size := range []int{60, 125, 126, 127, 128, 65534, 65535, frameLimit} {
			const around = len(`{"id":7,"ping":{},"x":""}`)
			text := `{"id":7,"ping":{},"x":"` + strings.Repeat("x", size-around) + `"}`
			put(t, c, part(final|wire.Text, text))
			take(t, c, wire.Text, `"pong"`)
			put(t, c, append(part(textBegins, text[:size/2]), part(final, text[size/2:])...))
			take(t, c, wire.Text, `"pong"`)
		}
	})
}

// TestPings: each is answered with what it holds, in order; pongs that nobody
// asked for do no harm.
func TestPings(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := raw(t, d, unique(t, "ana"))
		for _, payload := range []string{"", "x", "\x00\xff\xfe", strings.Repeat("p", 125)} {
			frames := part(final|wire.Pong, payload)
			put(t, c, append(frames, part(final|wire.Ping, payload)...))
			opcode, got, err := c.Read()
			for err == nil && opcode != wire.Pong {
				opcode, got, err = c.Read()
			}
			if err != nil || string(got) != payload {
				t.Errorf("a ping of %q is answered with %q (%v)", payload, got, err)
			}
		}
		put(t, c, part(final|wire.Text, `{"id":2,"ping":{}}`))
		take(t, c, wire.Text, `"pong"`)
	})
}

// TestControlFlood: pings, and pongs that nobody asked for, are requests, too:
// who sends too many is let go.
func TestControlFlood(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone())
	for _, kind := range []byte{wire.Ping, wire.Pong} {
		c := raw(t, d, unique(t, "ana"))
		flood := []byte(strings.Repeat(string(part(final|kind, "")), 1000))
		go func() {
			for range 100 {
				if _, err := c.Write(flood); err != nil {
					return
				}
			}
		}()
		if code, err := c.ReadClose(client.Patience); err != nil || code != 4009 {
			t.Errorf("a flood of frames of kind %d ends with %d (%v)", kind, code, err)
		}
	}
}

// TestCutConnections: whatever end a connection has, its user is soon offline
// and everyone else goes on.
func TestCutConnections(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		watcher := enter(t, d, 1, unique(t, "watcher"))
		room, users := watcher.create(unique(t, "room"), nil).Room, map[string]string{}
		for name, cut := range map[string]func(*wire.Conn) error{
			"half":          func(c *wire.Conn) error { return c.CloseWrite() },
			"reset":         func(c *wire.Conn) error { return c.Reset() },
			"in a header":   func(c *wire.Conn) error { _, err := c.Write([]byte{0x81}); return errors.Join(err, c.CloseWrite()) },
			"in a payload":  func(c *wire.Conn) error { _, err := c.Write(part(textBegins, "{")); return errors.Join(err, c.Reset()) },
			"plain closing": func(c *wire.Conn) error { return c.Close() },
		} {
			user := unique(t, "bo")
			c := raw(t, d, user)
			put(t, c, part(final|wire.Text, `{"id":2,"join":{"room":"`+room+`"}}`))
			take(t, c, wire.Text, `"re":2`)
			watcher.await(user+" online", 0, func(f client.Frame) bool {
				return f.PresenceChange != nil && f.PresenceChange.State(user) == "ONLINE"
			})
			users[user] = name
			if err := cut(c); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for user, name := range users {
			watcher.await(user+" offline, cut by "+name, 0, func(f client.Frame) bool {
				return f.PresenceChange != nil && f.PresenceChange.State(user) == "OFFLINE"
			})
		}
	})
}
