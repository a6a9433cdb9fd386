package frame

import (
	"encoding/binary"
	"strings"
	"testing"
)

// client is a client's frame: masked with a key that changes each byte.
func clientFrame(first byte, payload string) []byte {
	return append(clientHeader(first, len(payload)), masked(payload)...)
}

var testMask = []byte{0x5a, 0xa5, 0x0f, 0xf0}

func clientHeader(first byte, size int) []byte {
	h := appendHeader(nil, 0, size)
	h[0] = first
	h[1] |= maskBit
	return append(h, testMask...)
}

func masked(payload string) string {
	b := []byte(payload)
	for i := range b {
		b[i] ^= testMask[i%4]
	}
	return string(b)
}

func TestGuard(t *testing.T) {
	const text, part, rest, last = 0x81, 0x01, 0x00, 0x80
	long := func(mark byte, bytes []byte) []byte {
		return append(append([]byte{text, maskBit | mark}, bytes...), testMask...)
	}
	for name, tt := range map[string]struct {
		bytes []byte
		code  int // 0: nothing to object to
	}{
		"a text":                     {clientFrame(text, "hello"), 0},
		"of the limit":               {clientFrame(text, strings.Repeat("x", 1000)), 0},
		"over the limit":             {clientHeader(text, 1001), CloseTooBig},
		"fragments of the limit":     {cat(clientFrame(part, strings.Repeat("x", 600)), clientFrame(rest, strings.Repeat("x", 400)), clientFrame(last, "")), 0},
		"fragments over the limit":   {cat(clientFrame(part, strings.Repeat("x", 600)), clientHeader(last, 401)), CloseTooBig},
		"empty fragments, no end":    {cat(clientFrame(part, ""), []byte(strings.Repeat(string(clientFrame(rest, "")), 1000))), CloseTooBig},
		"a ping in between":          {cat(clientFrame(part, "a"), clientFrame(0x89, "hi"), clientFrame(last, "b")), 0},
		"two messages":               {cat(clientFrame(text, strings.Repeat("x", 900)), clientFrame(text, strings.Repeat("x", 900))), 0},
		"2^62":                       {long(127, binary.BigEndian.AppendUint64(nil, 1<<62)), CloseTooBig},
		"2^63":                       {long(127, binary.BigEndian.AppendUint64(nil, 1<<63)), CloseTooBig},
		"2^64-1 after a fragment":    {cat(clientFrame(part, "x"), []byte{last, maskBit | 127}, []byte(strings.Repeat("\xff", 8)), testMask), CloseTooBig},
		"5 in two bytes":             {long(126, []byte{0, 5}), CloseProtocolError},
		"125 in two bytes":           {long(126, []byte{0, 125}), CloseProtocolError},
		"126 in two bytes":           {append(long(126, []byte{0, 126}), strings.Repeat("x", 126)...), 0},
		"126 in eight bytes":         {long(127, binary.BigEndian.AppendUint64(nil, 126)), CloseProtocolError},
		"65535 in eight bytes":       {long(127, binary.BigEndian.AppendUint64(nil, 65535)), CloseProtocolError},
		"65536 in eight bytes":       {long(127, binary.BigEndian.AppendUint64(nil, 65536)), CloseTooBig},
		"a ping of 126":              {clientHeader(0x89, 126), CloseProtocolError},
		"a compressed ping":          {clientFrame(0xc9, ""), CloseProtocolError},
		"a compressed continuation":  {cat(clientFrame(0x41, "a"), clientFrame(0xc0, "b")), CloseProtocolError},
		"a compressed message":       {cat(clientFrame(0x41, "a"), clientFrame(0x80, "b")), 0},
		"close":                      {clientFrame(0x88, ""), 0},
		"close with a code":          {clientFrame(0x88, "\x03\xe8bye"), 0},
		"close with half a code":     {clientFrame(0x88, "\x03"), CloseProtocolError},
		"close, reason not UTF-8":    {clientFrame(0x88, "\x03\xe8\xed\xa0\x80"), CloseInvalidData},
		"close, half a character":    {clientFrame(0x88, "\x03\xe8\xe5\xae"), CloseInvalidData},
		"anything after close":       {cat(clientFrame(0x88, ""), []byte("\xff\xff\xff\xff\xff\xff")), 0},
		"not masked":                 {[]byte("\x81\x05hello"), CloseProtocolError},
		"close, not masked":          {[]byte("\x88\x05\x03\xe8bye"), CloseProtocolError},
		"reserved, the library's":    {clientFrame(0x83, "x"), 0},
		"cut off in the header":      {[]byte{text, maskBit | 126, 1}, 0},
		"wrong only after the right": {cat(clientFrame(text, "hello"), clientHeader(0x89, 126)), CloseProtocolError},
	} {
		t.Run(name, func(t *testing.T) {
			for _, step := range []int{1, 2, 3, 7, 64, len(tt.bytes)} {
				passed, broken := guarded(tt.bytes, step)
				switch {
				case tt.code == 0 && broken != nil:
					t.Errorf("by %d bytes: %v", step, broken)
				case tt.code == 0 && passed != len(tt.bytes):
					t.Errorf("by %d bytes: %d of %d pass", step, passed, len(tt.bytes))
				case tt.code != 0 && (broken == nil || broken.Code != tt.code || broken.Reason == "" || passed >= len(tt.bytes)):
					t.Errorf("by %d bytes: %v after %d, want %d", step, broken, passed, tt.code)
				}
			}
		})
	}
}

func cat(parts ...[]byte) []byte {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// guarded passes bytes by a guard, step at a time.
func guarded(data []byte, step int) (passed int, broken *Violation) {
	g := Guard{Limit: 1000}
	for len(data) > 0 {
		n, v := g.Check(data[:min(step, len(data))])
		passed += n
		if v != nil {
			return passed, v
		}
		data = data[n:]
	}
	_, broken = g.Check(nil)
	return passed, broken
}

// TestGuardKnowsWhatIsUnderWay: who begins and does not end is let go.
func TestGuardKnowsWhatIsUnderWay(t *testing.T) {
	g := Guard{Limit: 1000}
	for _, step := range []struct {
		bytes  []byte
		midway bool
	}{
		{nil, false},
		{[]byte{0x81}, true},
		{cat(clientFrame(0x81, "hello")[1:]), false},
		{clientFrame(0x01, "a"), true},
		{clientFrame(0x89, ""), true},
		{clientFrame(0x80, ""), false},
		{clientHeader(0x81, 5), true},
		{[]byte("hell"), true},
		{[]byte("o"), false},
		{clientFrame(0x88, ""), false},
		{[]byte{0x81}, false},
	} {
		if _, broken := g.Check(step.bytes); broken != nil {
			t.Fatal(broken)
		}
		if g.Midway() != step.midway {
			t.Errorf("after % x: midway %v", step.bytes, g.Midway())
		}
	}
}

// TestCloseIsLegal: what a server says at the end, no client can object to.
func TestCloseIsLegal(t *testing.T) {
	if got := AppendClose(nil, CloseNoStatus, ""); string(got) != "\x88\x00" {
		t.Errorf("no status: % x", got)
	}
	got := AppendClose(nil, 4400, strings.Repeat("安", 100))
	if payload := string(got[2:]); len(payload) > maxControl || strings.ContainsRune(strings.ToValidUTF8(payload[2:], "\ufffd"), '\ufffd') {
		t.Errorf("%d bytes, %q", len(payload), payload)
	}
}

// TestGuardStopsBehindAFrame: what follows a frame is looked at by the next check.
func TestGuardStopsBehindAFrame(t *testing.T) {
	frames := [][]byte{clientFrame(0x81, "hello"), clientFrame(0x89, ""), clientFrame(0x01, "a"), clientFrame(0x80, ""), clientFrame(0x8a, "x")}
	g, data := Guard{Limit: 1000}, cat(frames...)
	for _, f := range frames {
		n, broken := g.Check(data)
		if n != len(f) || broken != nil {
			t.Fatalf("% x: %d bytes, %v", f, n, broken)
		}
		data = data[n:]
	}
}

func TestControl(t *testing.T) {
	long := clientFrame(0x8a, strings.Repeat("x", maxControl))
	for _, c := range []struct {
		name string
		p    []byte
		ping bool
		data string
		size int
	}{
		{"nothing", nil, false, "", 0},
		{"an empty pong", clientFrame(0x8a, ""), false, "", 6},
		{"an empty ping", clientFrame(0x89, ""), true, "", 6},
		{"a ping with more behind", cat(clientFrame(0x89, "hello"), clientFrame(0x81, "hello")), true, "hello", 11},
		{"the longest pong", long, false, strings.Repeat("x", maxControl), len(long)},
		{"all but the end", long[:len(long)-1], false, "", 0},
		{"a header's first half", long[:1], false, "", 0},
		{"a close", clientFrame(0x88, ""), false, "", 0},
		{"a message", clientFrame(0x81, "x"), false, "", 0},
		{"one that is not the last", clientFrame(0x0a, ""), false, "", 0},
		{"one with a reserved bit", clientFrame(0xca, ""), false, "", 0},
		{"one that is not masked", []byte{0x8a, 0, 0, 0, 0, 0}, false, "", 0},
		{"one that is too long", cat([]byte{0x8a, 0xfe, 0, 126, 0, 0, 0, 0}, make([]byte, 126)), false, "", 0},
	} {
		if ping, data, size := Control(c.p); ping != c.ping || data != c.data || size != c.size {
			t.Errorf("%s: ping %v, %q, %d bytes", c.name, ping, data, size)
		}
	}
}
