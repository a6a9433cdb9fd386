package gateway

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

func TestBadRequestsAreAnsweredAndTheConnectionLives(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	for _, tt := range []struct{ frame, code, field string }{
		{`{"id":901,"join":{"room":">"}}`, "BAD_REQUEST", "room"},
		{`{"id":901,"send":{"room":"lobby","clientMsgId":"c","text":" "}}`, "BAD_REQUEST", "text"},
		{`{"id":901,"send":{"room":"lobby","clientMsgId":"c","text":"` + strings.Repeat("x", 16_385) + `"}}`, "TOO_LARGE", "text"},
		{`{"id":901,"createRoom":{"name":"x","kind":"CASTLE"}}`, "BAD_REQUEST", "kind"},
		{`{"id":901,"createRoom":{"room":"dm-4krumvxeavsobmvmo6ckrjwbjdtjxj35","name":"x","kind":"PUBLIC"}}`, "BAD_REQUEST", "room"},
		{`{"id":901,"search":{"query":" "}}`, "BAD_REQUEST", "query"},
		{`{"id":901,"search":{"query":"x","room":"nowhere"}}`, "NOT_FOUND", ""},
		{`{"id":901,"hello":{"token":"again"}}`, "BAD_REQUEST", ""},
		{`{"id":901,"join":{"room":"nowhere"}}`, "NOT_FOUND", ""},
		{`{"id":901,"watch":{"room":"nowhere"}}`, "NOT_FOUND", ""},
		{`{"id":901,"messages":{"room":"nowhere"}}`, "NOT_FOUND", ""},
		{`{"id":901,"members":{"room":"nowhere"}}`, "NOT_FOUND", ""},
		{`{"id":901,"presence":{"room":"nowhere"}}`, "NOT_FOUND", ""},
		{`{"id":901,"send":{"room":"nowhere","clientMsgId":"c","text":"x"}}`, "NOT_FOUND", ""},
		{`{"id":901,"typing":{"room":"nowhere"}}`, "NOT_FOUND", "room"},
		{`{"id":901,"createRoom":{"room":"lobby","name":"x","kind":"PUBLIC"}}`, "CONFLICT", ""},
		{`{"id":901,"react":{"room":"lobby","seq":1,"emoji":"x"}}`, "BAD_REQUEST", ""},
	} {
		ana.raw(tt.frame)
		got := ana.expect("error")
		field, _ := got["field"].(string)
		if got["re"] != 901 || got["code"] != tt.code || field != tt.field || got["message"] == "" {
			t.Errorf("%.80s: %v", tt.frame, got)
		}
	}
	ana.must("ack", "send", object{"room": "lobby", "clientMsgId": "c", "text": "still here"})
}

func TestTenBadRequestsInARow(t *testing.T) {
	r := start(t)
	ana, _ := r.hello(t, "ana")
	for range 9 {
		ana.raw("{")
		ana.expect("error")
	}
	ana.must("pong", "ping", object{})
	for range 10 {
		ana.raw("{")
		ana.expect("error")
	}
	ana.ends(closeBadRequests)
}

func TestBeforeHello(t *testing.T) {
	r := start(t, func(c *Config) { c.HelloTimeout = 500 * time.Millisecond })
	early := r.dial(t)
	early.refused("UNAUTHENTICATED", "join", object{"room": "lobby"})
	early.ends(closeNoHello)

	stranger := r.dial(t)
	if refused := stranger.refused("UNAUTHENTICATED", "hello", object{"token": "nonsense"}); refused["field"] != "token" {
		t.Errorf("%v", refused)
	}
	stranger.ends(closeBadToken)

	none := r.dial(t)
	none.refused("UNAUTHENTICATED", "hello", object{})
	none.ends(closeBadToken)
}

func TestFramesThatEndTheConnection(t *testing.T) {
	r := start(t)
	for name, tt := range map[string]struct {
		kind int
		data []byte
		code int
	}{
		"too long":  {websocket.TextMessage, make([]byte, 64<<10+1), websocket.CloseMessageTooBig},
		"binary":    {websocket.BinaryMessage, []byte(`{"id":1,"ping":{}}`), websocket.CloseUnsupportedData},
		"not UTF-8": {websocket.TextMessage, []byte("{\"id\":1,\"ping\":{},\"x\":\"\xff\"}"), websocket.CloseInvalidFramePayloadData},
	} {
		t.Run(name, func(t *testing.T) {
			c := r.dial(t)
			if err := c.conn.WriteMessage(tt.kind, tt.data); err != nil {
				t.Fatal(err)
			}
			c.ends(tt.code)
		})
	}
}

func TestTokenExpiresAndIsRefreshed(t *testing.T) {
	r := start(t)
	greet := func(user string, life time.Duration) *client {
		c := r.dial(t)
		c.send("hello", object{"token": tokenOf(t, user, life)})
		c.expect("welcome")
		return c
	}
	short, renewed, other := greet("ana", 2*time.Second), greet("bo", 2*time.Second), greet("cy", time.Hour)
	renewed.must("ok", "refresh", object{"token": tokenOf(t, "bo", time.Hour)})
	renewed.refused("UNAUTHENTICATED", "refresh", object{"token": "nonsense"})
	other.refused("UNAUTHENTICATED", "refresh", object{"token": tokenOf(t, "ana", time.Hour)})
	other.ends(closeBadToken)
	short.ends(closeExpired)
	renewed.must("pong", "ping", object{})
}

func TestTooManySessionsOfOneUser(t *testing.T) {
	r := start(t, func(c *Config) { c.SessionsPerUser = 2 })
	first, _ := r.hello(t, "ana")
	r.hello(t, "ana")
	r.hello(t, "bo")
	third := r.dial(t)
	third.send("hello", object{"token": tokenOf(t, "ana", time.Hour)})
	third.ends(closeManySessions)
	_ = first.conn.Close()
	eventually(t, "the first session is gone", func() bool { return len(r.users.sessions("ana")) == 1 })
	r.hello(t, "ana")
}

func TestDeadConnectionsAreNoticed(t *testing.T) {
	r := start(t, func(c *Config) { c.PingInterval, c.PongTimeout = 600*time.Millisecond, 300*time.Millisecond })
	alive, _ := r.hello(t, "ana")
	dead := r.dial(t, func(c *websocket.Conn) { c.SetPingHandler(func(string) error { return nil }) }) // does not answer
	dead.send("hello", object{"token": tokenOf(t, "bo", time.Hour)})
	dead.ends(closeNoPong)
	alive.must("pong", "ping", object{})
}

func TestSendsAreLimited(t *testing.T) {
	r := start(t, func(c *Config) { c.SendsPerSecond, c.SendsBurst = 1, 3 })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	for i := range 3 {
		ana.must("ack", "send", object{"room": "lobby", "clientMsgId": msgID(i), "text": "x"})
	}
	refused := ana.refused("RATE_LIMITED", "send", object{"room": "lobby", "clientMsgId": "m-3", "text": "x"})
	if wait, _ := refused["retryAfterMs"].(float64); wait < 1 || wait > 1000 {
		t.Errorf("%v", refused)
	}
	for range refusalsBurst + 100 {
		ana.send("send", object{"room": "lobby", "clientMsgId": "m-3", "text": "x"})
	}
	ana.ends(closeFlood)
}

func TestBinarySubprotocol(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	dialer := websocket.Dialer{Subprotocols: []string{frame.ProtocolBinary}}
	conn, _, err := dialer.Dial("ws"+strings.TrimPrefix(r.http.URL, "http")+"/v1/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	say := func(f *clientv1.ClientFrame) {
		data, _ := proto.Marshal(f)
		if err := conn.WriteMessage(websocket.BinaryMessage, data); err != nil {
			t.Fatal(err)
		}
	}
	hear := func() *clientv1.ServerFrame {
		kind, data, err := conn.ReadMessage()
		if err != nil || kind != websocket.BinaryMessage {
			t.Fatal(kind, err)
		}
		f := &clientv1.ServerFrame{}
		if err := proto.Unmarshal(data, f); err != nil {
			t.Fatal(err)
		}
		return f
	}
	say(&clientv1.ClientFrame{Id: 1, Request: &clientv1.ClientFrame_Hello_{Hello: &clientv1.ClientFrame_Hello{Token: tokenOf(t, "ana", time.Hour)}}})
	if welcome := hear().GetWelcome(); len(welcome.GetRooms()) != 1 || welcome.GetLimits().GetFrameBytes() != 64<<10 {
		t.Errorf("%v", welcome)
	}
	text, _ := r.hello(t, "ana")
	text.must("ack", "send", object{"room": "lobby", "clientMsgId": "c", "text": "hello"})
	for {
		f := hear()
		if f.GetPresenceChange() != nil {
			continue
		}
		if e := f.GetEvent(); e.GetSeq() != 2 || e.GetMessage().GetText() != "hello" || e.GetClientMsgId() != "c" {
			t.Errorf("%v", f)
		}
		break
	}
}

func TestHandshake(t *testing.T) {
	r := start(t, func(c *Config) { c.Origins = []string{"https://www.example.com"}; c.Connections = 8 })
	host := strings.TrimPrefix(r.http.URL, "http://")
	for name, tt := range map[string]struct {
		origin, protocol string
		status           int
	}{
		"no origin":         {"", frame.ProtocolJSON, 101},
		"own origin":        {"http://" + host, frame.ProtocolJSON, 101},
		"listed origin":     {"https://www.example.com", frame.ProtocolJSON, 101},
		"other scheme":      {"http://www.example.com", frame.ProtocolJSON, 403},
		"longer":            {"https://www.example.com.evil.org", frame.ProtocolJSON, 403},
		"null":              {"null", frame.ProtocolJSON, 403},
		"other port":        {"http://127.0.0.1:1", frame.ProtocolJSON, 403},
		"no subprotocol":    {"", "", 101},
		"other subprotocol": {"", "chat", 400},
		"one of two":        {"", "chat, " + frame.ProtocolJSON, 101},
	} {
		t.Run(name, func(t *testing.T) {
			header := http.Header{}
			if tt.origin != "" {
				header.Set("Origin", tt.origin)
			}
			if tt.protocol != "" {
				header.Set("Sec-WebSocket-Protocol", tt.protocol)
			}
			conn, reply, err := websocket.DefaultDialer.Dial("ws://"+host+"/v1/ws", header)
			if err == nil {
				defer conn.Close()
			}
			if reply == nil || reply.StatusCode != tt.status {
				t.Errorf("%v, %v; want %d", reply, err, tt.status)
			}
			if err == nil && conn.Subprotocol() != frame.ProtocolJSON && tt.protocol != "" {
				t.Errorf("subprotocol %q", conn.Subprotocol())
			}
		})
	}
	eventually(t, "those connections are gone", func() bool { return len(r.sessions.list()) == 0 })
	for range 8 {
		r.dial(t)
	}
	_, reply, err := (&websocket.Dialer{Subprotocols: []string{frame.ProtocolJSON}}).Dial("ws://"+host+"/v1/ws", nil)
	if err == nil || reply.StatusCode != 503 || reply.Header.Get("Retry-After") == "" {
		t.Errorf("one too many: %v, %v", reply, err)
	}
}
