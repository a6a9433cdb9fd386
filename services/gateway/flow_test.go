package gateway

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

func TestOneMessageAllTheWay(t *testing.T) {
	r := start(t)
	ana, welcome := r.hello(t, "ana")
	if user := welcome["user"].(object); user["id"] != "ana" || user["name"] != "name of ana" {
		t.Errorf("welcome %v", welcome)
	}
	if rooms := welcome["rooms"].([]any); len(rooms) != 0 {
		t.Errorf("rooms %v, want none", rooms)
	}
	view := ana.must("room", "createRoom", object{"room": "lobby", "name": "Lobby", "kind": "PUBLIC"})
	if view["head"] != 1.0 || view["role"] != "OWNER" || view["resume"] != "FRESH" {
		t.Errorf("view %v", view)
	}
	bo, _ := r.hello(t, "bo")
	view = bo.must("room", "join", object{"room": "lobby"})
	if view["head"] != 2.0 || view["memberCount"] != 2.0 {
		t.Errorf("view %v", view)
	}
	if joined := ana.event(2); joined["user"] != "bo" || joined["joined"].(object)["role"] != "MEMBER" {
		t.Errorf("joined %v", joined)
	}

	ack := bo.must("ack", "send", object{"room": "lobby", "clientMsgId": "m1", "text": "hello", "data": object{"a": []any{1.0}}, "attempt": 1})
	if ack["seq"] != 3.0 || ack["duplicate"] != false || ack["durability"] != "DISK" || ack["room"] != "lobby" || ack["time"] == nil {
		t.Errorf("ack %v", ack)
	}
	message := ana.event(3)
	if message["clientMsgId"] != "m1" || message["user"] != "bo" || message["message"].(object)["text"] != "hello" {
		t.Errorf("message %v", message)
	}
	again := bo.must("ack", "send", object{"room": "lobby", "clientMsgId": "m1", "text": "hello", "attempt": 2})
	if again["seq"] != 3.0 || again["duplicate"] != true {
		t.Errorf("again %v", again)
	}
}

func TestSendsOfOneSessionKeepTheirOrder(t *testing.T) {
	t.Parallel()
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	ana, _ := r.hello(t, "ana")
	// Attempts are lost, or answered late, at random places.
	r.town.Set(faultyCommands())
	const n = 200
	for i := range n {
		ana.send("send", object{"room": "lobby", "clientMsgId": msgID(i), "text": msgID(i)})
	}
	acks, events := 0, 0
	for acks < n || events < n {
		switch name, body := ana.next(); name {
		case "ack":
			if body["re"] != acks+2 || body["seq"] != float64(acks+2) {
				t.Fatalf("ack %d: %v", acks, body)
			}
			acks++
		case "event":
			if body["clientMsgId"] != msgID(events) || body["seq"] != float64(events+2) {
				t.Fatalf("event %d: %v", events, body)
			}
			events++
		default:
			t.Fatalf("%s %v", name, body)
		}
	}
}
