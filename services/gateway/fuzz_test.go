package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/run"
)

const handshakeHead = "GET /v1/ws HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// listen serves a gateway as its program does, and gives the address.
func (r *rig) listen(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- run.HTTP(r.Porch(l, r.Handler()), r.Handler(), testLog())(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// exchange sends bytes, ends, and reads what comes back until the other side
// ends, too, which it must.
func exchange(t testing.TB, addr string, sent []byte) []byte {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	// It may be refused before all of it is taken.
	if _, err = conn.Write(sent); err == nil {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	answer, err := io.ReadAll(conn)
	if late, ok := err.(net.Error); ok && late.Timeout() {
		t.Fatalf("still open after %s", patience)
	}
	return answer
}

// FuzzHandshake sends any bytes as a request: the answer is HTTP, with a status
// that fits, and after a 101 all is WebSocket; the connection ends.
func FuzzHandshake(f *testing.F) {
	for _, seed := range []string{
		handshakeHead + "\r\n",
		handshakeHead + "Sec-WebSocket-Protocol: natter.v1.json, natter.v1.protobuf\r\nOrigin: http://h\r\n\r\n",
		handshakeHead + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=\"15\", x\r\nX-Forwarded-For: 1.2.3.4, ::1\r\n\r\n",
		handshakeHead + "Content-Length: 5\r\n\r\nhello", handshakeHead + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		strings.Replace(handshakeHead, "HTTP/1.1", "HTTP/1.0", 1) + "\r\n", strings.Replace(handshakeHead, "GET", "POST", 1) + "\r\n",
		strings.Replace(handshakeHead, "13", "8", 1) + "\r\n", strings.Replace(handshakeHead, "/v1/ws", "http://e/v1/ws?token=x", 1) + "\r\n",
		handshakeHead + "\r\n\x89\x80\x00\x00\x00\x00", "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /v1/guest HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"name\":\"Ana\"}", "GET /v1/config HTTP/1.1\r\nHost: h\r\nOrigin: null\r\n\r\n",
	} {
		f.Add([]byte(seed))
	}
	addr := start(f).listen(f)
	f.Fuzz(func(t *testing.T, request []byte) {
		if len(request) > 1<<16 {
			return
		}
		rest := bufio.NewReader(bytes.NewReader(exchange(t, addr, request)))
		for {
			if _, err := rest.Peek(1); err != nil {
				return
			}
			response, err := http.ReadResponse(rest, nil)
			if err != nil {
				t.Fatalf("not HTTP: %v", err)
			}
			if response.StatusCode == http.StatusSwitchingProtocols {
				if !slices.Contains([]string{"", frame.ProtocolJSON, frame.ProtocolBinary}, response.Header.Get(protocolHeader)) || response.Header.Get("Sec-WebSocket-Extensions") != "" {
					t.Fatalf("agreed on %v", response.Header)
				}
				legal(t, rest, response.Header.Get(protocolHeader) != frame.ProtocolBinary)
				return
			}
			if status := response.StatusCode; status < 200 || status >= 500 && status != 501 && status != 505 {
				t.Fatalf("status %d", status)
			}
			if _, err := io.Copy(io.Discard, response.Body); err != nil {
				return // a HEAD's, as it cannot be told here
			}
		}
	})
}

// FuzzSession sends any bytes after the handshake, before or after a hello:
// whatever comes back is made of legal frames that hold answers of the
// protocol, with codes that it knows; nothing follows a close frame, and the
// connection ends.
func FuzzSession(f *testing.F) {
	text := func(parts ...string) []byte {
		var all []byte
		for _, p := range parts {
			all = appendClient(all, 0x81, p)
		}
		return all
	}
	add := func(data []byte) {
		f.Add(data, true, false)
		f.Add(data, false, false)
	}
	add(text(`{"id":1,"ping":{}}`, `{"id":2,"send":{"room":"lobby","clientMsgId":"c","text":"hello"}}`, `{"id":3,"messages":{"room":"lobby"}}`))
	add(text(`{"id":1,"react":{"room":"lobby","seq":1,"emoji":"x"}}`, `{"id":2,"join":{"room":"lobby"}}`, `{"id":3,"rooms":{}}`, `{"id":4,"members":{"room":"lobby"}}`))
	add(text(`{`, `[]`, `{"id":1}`, "\xff"))
	add(appendClient(appendClient(appendClient(nil, 0x01, `{"id":1,`), 0x89, "ping"), 0x80, `"ping":{}}`))
	add(appendClient(nil, 0x88, "\x03\xe8bye"))
	add(appendClient(nil, 0x88, "\x03"))
	add([]byte("\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	add(appendClient(nil, 0xc1, "\xaa\x56\x4a\x04\x00"))
	hello, _ := proto.Marshal(&clientv1.ClientFrame{Id: 1, Request: &clientv1.ClientFrame_Ping_{Ping: &clientv1.ClientFrame_Ping{}}})
	f.Add(appendClient(nil, 0x82, string(hello)), true, true)
	r := start(f, func(c *Config) { c.SessionsPerUser = 0 })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	addr, token := r.listen(f), tokenOf(f, "ana", 24*time.Hour)
	f.Fuzz(func(t *testing.T, data []byte, greeted, inBinary bool) {
		if len(data) > 1<<17 {
			return
		}
		head, greeting, opcode := handshakeHead, mustJSON(object{"id": 9, "hello": object{"token": token}}), byte(0x81)
		if inBinary {
			head += "Sec-WebSocket-Protocol: " + frame.ProtocolBinary + "\r\n"
			said, _ := proto.Marshal(&clientv1.ClientFrame{Id: 9, Request: &clientv1.ClientFrame_Hello_{Hello: &clientv1.ClientFrame_Hello{Token: token}}})
			greeting, opcode = string(said), 0x82
		}
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, head+"\r\n"); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		if response, err := http.ReadResponse(in, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
			t.Fatal(response, err)
		}
		if greeted {
			data = append(appendClient(nil, opcode, greeting), data...)
		}
		if _, err := conn.Write(data); err == nil {
			_ = conn.(*net.TCPConn).CloseWrite()
		}
		legal(t, in, !inBinary)
	})
}

// appendClient appends a client's frame, with a mask of zeros, so that its
// payload can be read.
func appendClient(dst []byte, first byte, payload string) []byte {
	if len(payload) < 126 {
		dst = append(dst, first, 0x80|byte(len(payload)))
	} else {
		dst = binary.BigEndian.AppendUint16(append(dst, first, 0x80|126), uint16(len(payload)))
	}
	return append(append(dst, 0, 0, 0, 0), payload...)
}

// legal reads a server's frames until the end, and finds nothing in them that
// is not of the protocol.
func legal(t testing.TB, in *bufio.Reader, text bool) {
	t.Helper()
	closed := false
	for {
		head := make([]byte, 2)
		if _, err := io.ReadFull(in, head); err != nil {
			if late, ok := err.(net.Error); ok && late.Timeout() {
				t.Fatalf("still open after %s", patience)
			}
			return
		}
		size := uint64(head[1])
		if wide := map[byte]int{126: 2, 127: 8}[head[1]]; wide > 0 {
			long := make([]byte, 8)
			if _, err := io.ReadFull(in, long[8-wide:]); err != nil {
				return
			}
			size = binary.BigEndian.Uint64(long)
		}
		if closed || size > 1<<24 {
			t.Fatalf("after the end, or too long: % x, %d", head, size)
		}
		payload := make([]byte, size)
		if _, err := io.ReadFull(in, payload); err != nil {
			return
		}
		switch head[0] {
		case 0x81, 0x82:
			if text != (head[0] == 0x81) {
				t.Fatalf("a message of the other type: % x", head)
			}
			speaks(t, payload, text)
		case 0x88:
			closed = true
			closes(t, payload)
		case 0x89, 0x8a:
			if size > 125 {
				t.Fatalf("a control frame of %d bytes", size)
			}
		default:
			t.Fatalf("a frame that begins with % x", head)
		}
	}
}

// speaks: a message is a frame of the protocol.
func speaks(t testing.TB, payload []byte, text bool) {
	t.Helper()
	said, err := &clientv1.ServerFrame{}, error(nil)
	if text {
		err = protojson.Unmarshal(payload, said)
	} else {
		err = proto.Unmarshal(payload, said)
	}
	if err != nil || said.GetBody() == nil || text && !utf8.Valid(payload) {
		t.Fatalf("not of the protocol: %q, %v", payload, err)
	}
	refused := said.GetError()
	if refused != nil && (chatv1.ErrorCode_name[int32(refused.GetCode())] == "" || refused.GetCode() == 0 || refused.GetCode() == chatv1.ErrorCode_INTERNAL || refused.GetMessage() == "") {
		t.Fatalf("refused with %v", refused)
	}
}

// closes: a close frame may be sent, and says what the protocol has a word for.
func closes(t testing.TB, payload []byte) {
	t.Helper()
	if len(payload) == 0 {
		return // the answer to one without a code
	}
	if len(payload) == 1 || len(payload) > 125 || !utf8.Valid(payload[2:]) {
		t.Fatalf("closed with %q", payload)
	}
	code := int(binary.BigEndian.Uint16(payload))
	standard := code >= 1000 && code <= 1003 || code >= 1007 && code <= 1014
	if !standard && (code < 3000 || code > 4999) {
		t.Fatalf("closed with %d, which may not be sent", code)
	}
}
