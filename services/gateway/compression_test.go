package gateway

import (
	"bufio"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

const offer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

// rawClient speaks WebSocket by hand.
type rawClient struct {
	t    testing.TB
	conn net.Conn
	in   *bufio.Reader
}

// dialRaw makes a handshake with more lines in its head.
func dialRaw(t testing.TB, addr, lines string) (*rawClient, http.Header) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	c := &rawClient{t: t, conn: conn, in: bufio.NewReader(conn)}
	c.put([]byte(handshakeHead + lines + "\r\n"))
	response, err := http.ReadResponse(c.in, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(response, err)
	}
	return c, response.Header
}

func (c *rawClient) put(data []byte) {
	c.t.Helper()
	if _, err := c.conn.Write(data); err != nil {
		c.t.Fatal(err)
	}
}

// heard waits for a message that holds something; small is how long its frame
// was, compressed whether it was marked so.
func (c *rawClient) heard(holds string) (size int, compressed bool) {
	c.t.Helper()
	for {
		first, payload := c.frame()
		text := payload
		if first&0x40 != 0 {
			var err error
			if text, err = io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))); err != nil {
				c.t.Fatal(err)
			}
		}
		if bytes.Contains(text, []byte(holds)) {
			return len(payload), first&0x40 != 0
		}
	}
}

func (c *rawClient) frame() (first byte, payload []byte) {
	c.t.Helper()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c.in, head); err != nil {
		c.t.Fatal(err)
	}
	size := int(head[1])
	if size >= 126 {
		wide := make([]byte, 8)
		if _, err := io.ReadFull(c.in, wide[8-map[int]int{126: 2, 127: 8}[size]:]); err != nil {
			c.t.Fatal(err)
		}
		size = int(binary.BigEndian.Uint64(wide))
	}
	payload = make([]byte, size)
	if _, err := io.ReadFull(c.in, payload); err != nil {
		c.t.Fatal(err)
	}
	return head[0], payload
}

// deflated is text compressed as RFC 7692 has it.
func deflated(text string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	_, _ = io.WriteString(w, text)
	_ = w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

func compressing(c *Config) { c.Compression = true }

func TestCompressionIsOffByDefault(t *testing.T) {
	c, header := dialRaw(t, start(t).listen(t), offer)
	if agreed := header.Get("Sec-WebSocket-Extensions"); agreed != "" {
		t.Errorf("agreed on %q", agreed)
	}
	c.put(appendClient(nil, 0xc1, deflated(`{"id":1,"ping":{}}`)))
	if code := closeCode(c.in); code != frame.CloseProtocolError {
		t.Errorf("a compressed message is answered with %d", code)
	}
}

// TestCompressionOffers: only what can be kept is agreed on.
func TestCompressionOffers(t *testing.T) {
	addr := start(t, compressing).listen(t)
	for offered, agreed := range map[string]bool{
		"": false, "x": false, "permessage-deflate": true, "permessage-deflate; client_max_window_bits": true, "permessage-deflate; client_max_window_bits=10": true,
		"permessage-deflate; server_no_context_takeover; client_no_context_takeover": true, "permessage-deflate; server_max_window_bits=10": false,
		"permessage-deflate; server_max_window_bits=10, permessage-deflate": true, "x; y=\"permessage-deflate\"": false, ";;,=\"\\": false, "permessage-deflate; what": false,
		"permessage-bzip2, permessage-deflate": true,
	} {
		_, header := dialRaw(t, addr, "Sec-WebSocket-Extensions: "+offered+"\r\n")
		got := header.Get("Sec-WebSocket-Extensions")
		if (got != "") != agreed || agreed && !(strings.Contains(got, "server_no_context_takeover") && strings.Contains(got, "client_no_context_takeover")) {
			t.Errorf("%q: agreed on %q", offered, got)
		}
	}
}

// TestCompressedMessages go both ways, also in fragments; small ones stay as
// they are, and so do those for who offered nothing.
func TestCompressedMessages(t *testing.T) {
	r := start(t, compressing)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	addr := r.listen(t)
	hello := mustJSON(object{"id": 1, "hello": object{"token": tokenOf(t, "ana", time.Hour)}})
	plain, _ := dialRaw(t, addr, "")
	plain.put(appendClient(nil, 0x81, hello))
	plain.heard(`"welcome"`)
	c, _ := dialRaw(t, addr, offer)
	c.put(appendClient(nil, 0xc1, deflated(hello)))
	c.heard(`"welcome"`)
	long := strings.Repeat("all work and no play ", 500)
	send := deflated(mustJSON(object{"id": 2, "send": object{"room": "lobby", "clientMsgId": "c", "text": long}}))
	frames := appendClient(nil, 0x41, send[:10])
	frames = appendClient(frames, 0x89, "between")
	frames = appendClient(frames, 0x00, send[10:11])
	c.put(appendClient(frames, 0x80, send[11:]))
	if size, compressed := c.heard(long); !compressed || size > 1000 {
		t.Errorf("a message of %d bytes comes as %d, compressed: %v", len(long), size, compressed)
	}
	c.put(appendClient(nil, 0xc1, deflated(`{"id":3,"ping":{}}`)))
	if _, compressed := c.heard(`"pong"`); compressed {
		t.Error("a pong is compressed")
	}
	if size, compressed := plain.heard(long); compressed || size < len(long) {
		t.Errorf("who offered nothing gets %d bytes, compressed: %v", size, compressed)
	}
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte('!' + rand.N(90))
	}
	text := strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' {
			return 'x'
		}
		return r
	}, string(noise))
	c.put(appendClient(nil, 0x81, mustJSON(object{"id": 4, "send": object{"room": "lobby", "clientMsgId": "d", "text": text}})))
	c.heard(`"clientMsgId":"d"`)
}

// TestBadCompression: a bomb ends at the limit of a message, and what is marked
// or made wrongly is refused.
func TestBadCompression(t *testing.T) {
	addr := start(t, compressing).listen(t)
	bomb := deflated(`{"id":1,"x":"` + strings.Repeat("0", 20<<20) + `"}`)
	for name, tt := range map[string]struct {
		data []byte
		code int
	}{
		"a bomb":                      {appendClient(nil, 0xc1, bomb), frame.CloseTooBig},
		"a bomb in fragments":         {appendClient(appendClient(nil, 0x41, bomb[:100]), 0x80, bomb[100:]), frame.CloseTooBig},
		"just over":                   {appendClient(nil, 0xc1, deflated(strings.Repeat(" ", 64<<10+1))), frame.CloseTooBig},
		"no deflate":                  {appendClient(nil, 0xc1, "\xff\xff\xff\xff"), frame.CloseInvalidData},
		"not UTF-8 inside":            {appendClient(nil, 0xc1, deflated("{\"x\":\"\xff\"}")), frame.CloseInvalidData},
		"marked on a continuation":    {appendClient(appendClient(nil, 0x41, "\x00"), 0xc0, "\x00"), frame.CloseProtocolError},
		"marked on a ping":            {appendClient(nil, 0xc9, ""), frame.CloseProtocolError},
		"marked on a close":           {appendClient(nil, 0xc8, ""), frame.CloseProtocolError},
		"another reserved bit, too":   {appendClient(nil, 0xe1, deflated("{}")), frame.CloseProtocolError},
		"continuation of a plain one": {appendClient(appendClient(nil, 0x01, "{"), 0xc0, "}"), frame.CloseProtocolError},
	} {
		c, _ := dialRaw(t, addr, offer)
		c.put(tt.data)
		if code := closeCode(c.in); code != tt.code {
			t.Errorf("%s: closed with %d, want %d", name, code, tt.code)
		}
	}
	c, _ := dialRaw(t, addr, offer)
	c.put(appendClient(nil, 0xc1, deflated(fmt.Sprintf(`{"id":1,"ping":{},"x":%q}`, strings.Repeat("y", 60<<10)))))
	c.heard("hello") // within the limit: a request before the hello, refused as one
}
