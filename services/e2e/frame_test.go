package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestBadFields sends every request with every field wrong in every way that
// its kind has, and looks for the error that names the field. The connection
// must live through all of it.
func TestBadFields(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		room := s.create(unique(t, "room"), nil).Room
		tried := 0
		for _, r := range requests(room) {
			for _, f := range r.fields {
				for what, wrong := range f.kind.wrong(f.needed) {
					s.badField(r.name, r.body(), f.name, what, wrong)
					tried++
				}
			}
			for _, wrong := range []string{`7`, `"x"`, `[]`, `true`} {
				s.badFrame(fmt.Sprintf(`{"id":%%d,%q:%s}`, r.name, wrong))
				tried++
			}
		}
		s.reach(room, s.send(room, "and all is well").Seq)
		t.Logf("%d bad requests", tried)
	})
}

// badField puts wrong, a piece of JSON or "" for nothing, in a field's place.
func (s *session) badField(request string, body M, field, what, wrong string) {
	s.t.Helper()
	delete(body, field)
	text, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	if wrong != "" {
		sep := ","
		if len(body) == 0 {
			sep = ""
		}
		text = []byte(strings.TrimSuffix(string(text), "}") + sep + fmt.Sprintf("%q:%s}", field, wrong))
	}
	refusal := s.badFrame(fmt.Sprintf(`{"id":%%d,%q:%s}`, request, text))
	if refusal != nil && (refusal.Field == nil || *refusal.Field != field) {
		s.t.Errorf("%s with %s as %s: the field is not named in %v", request, what, field, refusal)
	}
}

// badFrame sends text with an id in place of %d, wants BAD_REQUEST or
// TOO_LARGE with that id, and then a pong.
func (s *session) badFrame(format string) *client.Error {
	s.t.Helper()
	id := s.NextID()
	text := strings.Replace(format, "%d", fmt.Sprint(id), 1)
	if err := s.RawRequest(id, text); err != nil {
		s.t.Fatalf("%.300s: %v", text, err)
	}
	reply, err := s.Reply(s.t.Context(), id)
	if err != nil {
		s.t.Fatalf("%.300s: %v", text, err)
	}
	s.ping() // not two bad ones in a row
	if reply.Error == nil || reply.Error.Code != "BAD_REQUEST" && reply.Error.Code != "TOO_LARGE" {
		s.t.Errorf("%.300s was answered with %s", text, reply)
		return nil
	}
	if reply.Error.Message == "" {
		s.t.Errorf("%.300s was refused without a word", text)
	}
	return reply.Error
}

// TestBadFrames are wrong as a whole.
func TestBadFrames(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		room := s.create(unique(t, "room"), nil).Room
		deep := strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000)
		for _, text := range []string{
			`{"id":%d}`, `{"id":%d,"fly":{}}`, `{"id":%d,"ping":{},"rooms":{}}`, `{"id":%d,"ping":{},"ping":{}}`, `{"id":%d,"ping":null}`,
			`{"id":%d,"ping":{}} {}`, `{"id":%d,"ping":{}}x`, `{"id":%d,"ping":{}},`, `{"id":%d,"ping":{},}`, `{"id":%d "ping":{}}`,
			`{"id":%d,"send":{"room":"` + room + `","clientMsgId":"a","text":"x","data":` + deep + `}}`, `{"id":%d,"ping":{},"x":` + deep + `}`,
			`{"id":%d,"send":{"room":"` + room + `","room":"` + room + `","clientMsgId":"a","text":"x"}}`,
			`{"id":%d,"send":{"room":"` + room + `","clientMsgId":"a","text":"\ud800"}}`, `{"id":%d,"send":{"room":"` + room + `","clientMsgId":"a","text":"\q"}}`,
			`{"id":%d,"messages":{"room":"` + room + `","limit":NaN}}`, `{"id":%d,"messages":{"room":"` + room + `","limit":1e999}}`,
			`{"id":%d,"messages":{"room":"` + room + `","limit":` + strings.Repeat("9", 10_000) + `}}`, `{"id":%d,"messages":{"room":"` + room + `","limit":01}}`,
			`{"id":%d,"send":{"room":"` + room + `","clientMsgId":"a","text":"x","data":{"n":Infinity}}}`,
			`{"id":%d,"send":{"room":"` + room + `","clientMsgId":"a","text":"x","data":[]}}`,
			`{"id":%d,"send":{"room":"` + room + `","clientMsgId":"a","text":"x","data":"{}"}}`,
			"{\"id\":%d,\"send\":{\"room\":\"" + room + "\",\"clientMsgId\":\"a\",\"text\":\"a\nb\"}}",
		} {
			s.badFrame(text)
		}
		for _, text := range []string{
			"", " ", "x", "not json", "{", "}", "[]", "[1]", "null", "true", "7", `"x"`, "{}", "{{}}", `{"ping":{}}`, `{"rooms":{}}`, "\ufeff{\"id\":1,\"ping\":{}}",
			`{"id":0,"ping":{}}`, `{"id":-1,"ping":{}}`, `{"id":1.5,"ping":{}}`, `{"id":"x","ping":{}}`, `{"id":4294967296,"ping":{}}`, `{"id":1e30,"ping":{}}`,
			`{"id":NaN,"ping":{}}`, `{"id":{},"ping":{}}`, `{"id":null,"ping":{}}`, `{'id':1,'ping':{}}`, strings.Repeat("[", 10_000), strings.Repeat(`{"a":`, 10_000),
		} {
			s.badWithoutID(text)
		}
		s.reach(room, s.send(room, "and all is well").Seq)
	})
}

// badWithoutID sends what has no id to be answered by.
func (s *session) badWithoutID(text string) {
	s.t.Helper()
	mark := s.Mark()
	if err := s.Raw(websocket.TextMessage, []byte(text)); err != nil {
		s.t.Fatalf("%.100s: %v", text, err)
	}
	reply := s.await(fmt.Sprintf("an error for %.100q", text), mark, func(f client.Frame) bool { return f.Error != nil })
	s.ping()
	if reply.Error.Code != "BAD_REQUEST" || reply.Re != 0 {
		s.t.Errorf("%.100q was answered with %s", text, reply)
	}
}

func TestTenBadRequestsInARow(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		for range 3 {
			for range 9 {
				if err := s.Raw(websocket.TextMessage, []byte("not json")); err != nil {
					t.Fatal(err)
				}
			}
			s.ping()
		}
		for range 10 {
			if err := s.Raw(websocket.TextMessage, []byte("not json")); err != nil {
				t.Fatal(err)
			}
		}
		s.closed(4400)
		errors := slices.DeleteFunc(s.Since(0), func(f client.Frame) bool { return f.Error == nil })
		if len(errors) != 37 {
			t.Errorf("37 bad requests were answered with %d errors", len(errors))
		}
	})
}

// TestUnknownFields are from a newer client, and no fault.
func TestUnknownFields(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		s := enter(t, d, 0, unique(t, "ana"))
		room := s.create(unique(t, "room"), M{"colour": "red", "nested": M{"a": []any{1.0, M{}}}}).Room
		for _, text := range []string{
			`{"colour":"red","id":%d,"ping":{}}`, "\t{ \"ping\" : {\"x\": [1, 2, {\"y\": null}]} ,\r\n \"id\" : %d } ", `{"id":"%d","ping":{}}`, `{"id":%d,"ping":{},"hello":null}`, `{"id":%d.0,"ping":{}}`,
		} {
			id := s.NextID()
			if err := s.RawRequest(id, strings.Replace(text, "%d", fmt.Sprint(id), 1)); err != nil {
				t.Fatal(err)
			}
			if reply, err := s.Reply(t.Context(), id); err != nil || reply.Pong == nil {
				t.Errorf("%s was answered with %s (%v)", text, reply, err)
			}
		}
		s.ack("send", with(s.message(room, "x"), M{"colour": "red", "replyTo": nil}))
	})
}
