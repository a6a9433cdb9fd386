package e2e_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
	"google.golang.org/protobuf/proto"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/collector"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// word is in all that people write in TestNothingIsGivenAway.
const word = "zanzibarxylophone"

// TestNothingIsGivenAway: whatever is asked for, well or badly, no log, no metric
// and no trace has what people wrote, nor a token.
func TestNothingIsGivenAway(t *testing.T) {
	t.Parallel()
	for _, s := range []shape.Shape{shape.Standalone(), shape.Split()} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			c := collecting(t)
			d := alone(t, s, tracing(c)...)
			secrets := append(askForEverything(t, d), word, d.JWTSecret, d.ServiceToken, d.AdminToken)
			for _, ops := range d.Ops {
				response := get(t, ops+"/metrics")
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil {
					t.Fatal(err)
				}
				silent(t, "the metrics", string(body), secrets)
			}
			natstest.Eventually(t, client.Patience, "there are traces", func() bool { return len(c.Spans()) > 0 })
			if err := d.Stop(); err != nil { // with all that is to be said by then
				t.Error(err)
			}
			for _, span := range c.Spans() {
				silent(t, "the span "+span.Name, spanText(t, span), secrets)
			}
			for _, p := range d.Processes {
				log := p.Tail(1 << 20)
				if p.Name() != "nats" && !strings.Contains(log, "level=") {
					t.Errorf("%s logs nothing: %.100s", p.Name(), log)
				}
				silent(t, "the log of "+p.Name(), log, secrets)
			}
		})
	}
}

func spanText(t *testing.T, s collector.Span) string {
	t.Helper()
	data, err := proto.Marshal(s.Raw) // holds all texts as they are
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func silent(t *testing.T, where, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if at := strings.Index(text, secret); at >= 0 {
			t.Errorf("%s gives %.20q away: …%q…", where, secret, text[max(0, at-200):min(len(text), at+100)])
		}
	}
}

// askForEverything makes each kind of request, well, refused and malformed, with
// the word in all that is free text, and gives the tokens that it used.
func askForEverything(t *testing.T, d *shape.Deployment) (tokens []string) {
	t.Helper()
	room := unique(t, "room")
	ana, bo := enter(t, d, 0, "ana"), enter(t, d, 1, "bo")
	ana.create(room, M{"name": "Name " + word, "topic": "topic " + word})
	bo.view("join", M{"room": room})
	bo.reach(room, ana.ack("send", M{"room": room, "clientMsgId": "m1", "text": "text " + word, "data": M{word: word}}).Seq)
	long := strings.Repeat(word, 2000)
	for _, request := range []struct {
		kind string
		body M
	}{
		{"status", M{"state": "BUSY", "text": word}},
		{"signal", M{"room": room, "name": "x", "data": M{word: word}}},
		{"typing", M{"room": room}}, {"read", M{"room": room, "seq": 2}},
		{"edit", M{"room": room, "seq": 3, "text": "again " + word}}, {"react", M{"room": room, "seq": 3, "emoji": word}},
		{"updateRoom", M{"room": room, "topic": word, "name": word}}, {"search", M{"query": word, "room": room}},
		{"rooms", M{"query": word}}, {"members", M{"room": room}}, {"messages", M{"room": room}}, {"presence", M{"room": room}},
		{"mute", M{"room": room, "user": "bo"}}, {"unmute", M{"room": room, "user": "bo"}},
		{"kick", M{"room": room, "user": "bo", "reason": word}}, {"ban", M{"room": room, "user": "bo", "reason": word}},
		{"unban", M{"room": room, "user": "bo"}}, {"invite", M{"room": room, "user": "bo"}},
		{"setRole", M{"room": room, "user": "bo", "role": "MODERATOR"}}, {"openDirect", M{"user": "bo"}},
		{"watch", M{"room": room}}, {"ping", M{}},
		// Refused, by the gateway and by the owner.
		{"send", M{"room": room, "clientMsgId": word + "\n", "text": word}}, {"send", M{"room": room, "clientMsgId": "m2", "text": long}},
		{"send", M{"room": "no-such-room", "clientMsgId": "m3", "text": word}}, {"send", M{"room": word + " ", "clientMsgId": "m4", "text": word}},
		{"send", M{"room": room, "clientMsgId": "m1", "text": "another " + word}}, {"send", M{"room": room, "clientMsgId": "m5", "text": word, "replyTo": 99999}},
		{"edit", M{"room": room, "seq": 99999, "text": word}}, {"updateRoom", M{"room": "no-such-room", "topic": word}},
		{"createRoom", M{"room": room, "name": word, "kind": "PUBLIC"}}, {"createRoom", M{"name": word, "kind": word}},
		{"search", M{"query": `"` + word, "room": "no-such-room"}}, {"search", M{"query": word, "cursor": word}}, {"rooms", M{"cursor": word}},
		{"delete", M{"room": room, "seq": 3}}, {"unwatch", M{"room": room}}, {"leave", M{"room": room}}, {"deleteRoom", M{"room": room}},
	} {
		id, err := ana.Post(request.kind, request.body)
		if err != nil {
			t.Fatalf("%s: %v", request.kind, err)
		}
		if _, err := ana.Reply(t.Context(), id); err != nil {
			t.Fatalf("%s: %v", request.kind, err)
		}
	}
	// No frames at all, and a hello that is none.
	for _, bad := range []string{`{"id":1,"` + word + `":{}}`, `{"id":1,"hello":{"token":"` + word + `"}}`} {
		if err := dial(t, d, 0).RawRequest(1, bad); err != nil {
			t.Fatal(err)
		}
	}
	if err := dial(t, d, 0).Raw(websocket.TextMessage, []byte(`{"`+word)); err != nil {
		t.Fatal(err)
	}
	if _, err := bo.Post("refresh", M{"token": word}); err != nil {
		t.Fatal(err)
	}
	tokens = append(askOverHTTP(t, d), ana.token, bo.token)
	tokens = append(tokens, askOverGRPC(t, d)...)
	ana.ping()
	return tokens
}

// askOverHTTP makes a guest, and asks badly.
func askOverHTTP(t *testing.T, d *shape.Deployment) (tokens []string) {
	t.Helper()
	for _, body := range []string{`{"name":"` + word + `"}`, `{"name":` + word, `{"token":"` + word + `"}`} {
		response, err := http.Post(d.Gateways[0]+"/v1/guest", "application/json", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if _, token, ok := strings.Cut(string(answer), `"token":"`); ok {
			token, _, _ := strings.Cut(token, `"`)
			tokens = append(tokens, token)
		}
	}
	if len(tokens) == 0 {
		t.Error("nobody was made a guest")
	}
	get(t, d.Gateways[0]+"/v1/ws?token="+word).Body.Close()
	return tokens
}

// askOverGRPC calls history as an admin, well and badly, and with a bad token.
func askOverGRPC(t *testing.T, d *shape.Deployment) (secrets []string) {
	t.Helper()
	for _, token := range []string{d.AdminToken, d.ServiceToken, word + word} {
		conn, err := admin.Dial(d.History, token)
		if err != nil {
			t.Fatal(err)
		}
		messages, rooms := conn.Messages, conn.Rooms
		// What comes of them is other tests'; here none may be told of.
		_, _ = messages.Search(t.Context(), &historyv1.SearchRequest{Query: word})
		_, _ = messages.Search(t.Context(), &historyv1.SearchRequest{Query: word, Room: "nowhere"})
		_, _ = messages.List(t.Context(), &historyv1.MessagesListRequest{Room: word + " "})
		_, _ = rooms.List(t.Context(), &historyv1.ListRequest{Query: word, Cursor: word})
		secrets = append(secrets, writeAsAdmin(t, d, conn, token)...)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	return secrets
}
