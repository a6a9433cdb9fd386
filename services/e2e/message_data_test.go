package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// order is an object with everything that JSON has.
const order = `{"":"no name","big":9007199254740991,"card":{"lines":[{"price":99.95,"quantity":12},{}],"none":null},"empty":[],"exact":"12345678901234567890","no":false,"small":-1e-9,"text":"ä\u2028\"\\","yes":true}`

// TestDataIsKept: a message's data comes back as it went in: in the event, in
// pages, in the room's last message, after a resume, and after an edit.
func TestDataIsKept(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		before := M{"epoch": bo.Epoch(), "resume": bo.Positions()}
		seq := ana.ack("send", M{"room": room, "clientMsgId": "order", "text": "an order", "data": json.RawMessage(order)}).Seq
		same := func(what string, got M) {
			t.Helper()
			var want M
			if err := json.Unmarshal([]byte(order), &want); err != nil {
				t.Fatal(err)
			}
			if err := sameShape("", want, map[string]any(got), everything); err != nil {
				t.Errorf("%s: data%v", what, err)
			}
		}
		same("event", bo.event(room, seq).Message.Data)
		page := func(what string) {
			t.Helper()
			same(what, ana.page(M{"room": room, "around": seq, "limit": 1}).Messages[0].Data)
		}
		page("page")
		late := enterWith(t, d, 0, bo.user, before)
		same("resume", late.event(room, seq).Message.Data)
		same("last", late.live(room).Last.Data)
		ana.event(room, ana.ack("edit", M{"room": room, "seq": seq, "text": "an order, edited"}).Seq)
		page("page after an edit")
		ana.ack("delete", M{"room": room, "seq": seq})
		if m := ana.page(M{"room": room, "around": seq, "limit": 1}).Messages[0]; !m.Deleted || m.Data != nil {
			t.Errorf("a deleted message is %+v", m)
		}
	})
}

// TestDataIsPartOfTheMessage: the same id with other data is another message.
func TestDataIsPartOfTheMessage(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		send := func(data string) client.Frame {
			body := M{"room": room, "clientMsgId": "one", "text": "x"}
			if data != "" {
				body["data"] = json.RawMessage(data)
			}
			return ana.do("send", body)
		}
		first := send(`{"a":1,"b":{"c":[1,null]}}`).Ack
		for _, same := range []string{`{"b":{"c":[1,null]},"a":1}`, `{ "a" : 1.0, "b": {"c":[1e0, null]} }`} {
			if reply := send(same); reply.Ack == nil || !reply.Ack.Duplicate || reply.Ack.Seq != first.Seq {
				t.Errorf("%s was answered with %s", same, reply)
			}
		}
		for _, other := range []string{"", `{}`, `{"a":1}`, `{"a":"1","b":{"c":[1,null]}}`, `{"a":1,"b":{"c":[1]}}`, `{"a":1,"b":{"c":[null,1]}}`} {
			if reply := send(other); reply.Error == nil || reply.Error.Code != "CONFLICT" {
				t.Errorf("%s was answered with %s", other, reply)
			}
		}
	})
}

// TestDataBounds: 4 KiB as JSON without spaces, however it was written; 30
// deep; objects only.
func TestDataBounds(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		send := func(id, data string) client.Frame { // as it is written, with its spaces
			n := ana.NextID()
			if err := ana.RawRequest(n, fmt.Sprintf(`{"id":%d,"send":{"room":%q,"clientMsgId":%q,"text":"x","data":%s}}`, n, room, id, data)); err != nil {
				t.Fatal(err)
			}
			reply, err := ana.Reply(t.Context(), n)
			if err != nil {
				t.Fatal(err)
			}
			return reply
		}
		// Many small members: where spaces would be counted, they would be many.
		full := `{`
		for i := 0; len(full) < 4000; i++ {
			full += `"` + strings.Repeat("k", i%7+1) + string(rune('a'+i%26)) + strings.Repeat("z", i/26) + `":[1,2],`
		}
		full += `"rest":"` + strings.Repeat("r", 4096-len(full)-len(`"rest":""}`)) + `"}`
		if len(full) != 4096 {
			t.Fatalf("the test's data has %d bytes", len(full))
		}
		if reply := send("full", full); reply.Ack == nil {
			t.Errorf("4096 bytes are answered with %s", reply)
		}
		if reply := send("spaces", strings.ReplaceAll(strings.ReplaceAll(full, ",", " , "), ":", " : ")); reply.Ack == nil {
			t.Errorf("4096 bytes and spaces are answered with %s", reply)
		}
		if reply := send("over", strings.Replace(full, "rrr", "rrrr", 1)); reply.Error == nil || reply.Error.Code != "TOO_LARGE" || *reply.Error.Field != "data" {
			t.Errorf("4097 bytes are answered with %s", reply)
		}
		deep := func(n int) string { return strings.Repeat(`{"a":`, n-1) + "{}" + strings.Repeat("}", n-1) }
		if reply := send("deep", deep(30)); reply.Ack == nil {
			t.Errorf("data 30 deep is answered with %s", reply)
		}
		if reply := send("deeper", deep(31)); reply.Error == nil || reply.Error.Code != "BAD_REQUEST" {
			t.Errorf("data 31 deep is answered with %s", reply)
		}
		for _, wrong := range []string{`[]`, `"{}"`, `1`, `true`, `{"a":1,"a":2}`, `{"a":1e999}`, `{"a":"\u0000"}`} {
			if reply := send("wrong", wrong); reply.Error == nil || reply.Error.Code != "BAD_REQUEST" {
				t.Errorf("%s is answered with %s", wrong, reply)
			}
		}
	})
}
