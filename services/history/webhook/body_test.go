package webhook

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestBodyNeverChanges: it is what receivers parse; events look as on the
// WebSocket.
func TestBodyNeverChanges(t *testing.T) {
	data, err := structpb.NewStruct(map[string]any{"a": 1})
	if err != nil {
		t.Fatal(err)
	}
	d := Delivery{Webhook: "w1", Room: "lobby", Epoch: 1700000000000, After: 3, Through: 5, Attempt: 2, Events: []*chatv1.Event{
		{Room: "lobby", Seq: 4, TimeMs: 1700000000500, User: "ana", Name: "Ana", ClientMsgId: "m1", CommandId: "not told", Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "hi", Data: data}}},
		{Room: "lobby", Seq: 5, TimeMs: 1700000001000, User: "ana", Change: &chatv1.Event_Left{Left: &chatv1.Left{}}},
	}}
	want := `{"webhook":"w1","delivery":"w1.lobby.1700000000000.3-5","attempt":2,"room":"lobby","epoch":"1700000000000","after":3,"through":5,"events":[` +
		`{"room":"lobby","seq":4,"time":"2023-11-14T22:13:20.500Z","user":"ana","name":"Ana","clientMsgId":"m1","message":{"text":"hi","data":{"a":1},"mentions":[]}},` +
		`{"room":"lobby","seq":5,"time":"2023-11-14T22:13:21Z","user":"ana","left":{}}]}`
	if body, err := d.Body(); err != nil || string(body) != want {
		t.Errorf("the body is\n%s\nwant\n%s\n%v", body, want, err)
	}
}

func TestBatch(t *testing.T) {
	event := func(bytes int) *chatv1.Event {
		return &chatv1.Event{Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: strings.Repeat("x", bytes)}}}
	}
	for what, c := range map[string]struct {
		events []*chatv1.Event
		want   int
	}{
		"none":     {nil, 0},
		"few":      {slices.Repeat([]*chatv1.Event{event(10)}, 7), 7},
		"many":     {slices.Repeat([]*chatv1.Event{event(10)}, 700), MaxEvents},
		"big ones": {slices.Repeat([]*chatv1.Event{event(16 << 10)}, 50), 15},
		"huge":     {[]*chatv1.Event{event(MaxBytes + 1), event(1)}, 1},
	} {
		if got := len(Batch(c.events)); got != c.want {
			t.Errorf("%s: %d go together, want %d", what, got, c.want)
		}
	}
}

func TestSelection(t *testing.T) {
	const direct = "dm-4krumvxeavsobmvmo6ckrjwbjdtjxj35"
	for _, c := range []struct {
		pattern, room string
		want          bool
	}{
		{"lobby", "lobby", true}, {"lobby", "lobby2", false}, {"lob*", "lobby", true}, {"lob*", "lob", true}, {"lob*", "blob", false},
		{"*", "lobby", true}, {"*", direct, false}, {"d*", direct, false}, {"dm*", direct, false}, {"dm-*", direct, true}, {direct, direct, true}, {"dm-4*", direct, true},
	} {
		if got := (Selection{Rooms: []string{c.pattern}}).Room(c.room); got != c.want {
			t.Errorf("%s selects %s: %v", c.pattern, c.room, got)
		}
	}
	for what, s := range map[string]Selection{
		"rooms": {}, "rooms 2": {Rooms: []string{""}}, "rooms 3": {Rooms: []string{"a*b"}}, "rooms 4": {Rooms: []string{"A"}}, "rooms 5": {Rooms: []string{"**"}},
		"rooms 6": {Rooms: slices.Repeat([]string{"a"}, 101)}, "kinds": {Rooms: []string{"*"}, Kinds: []string{"typing"}},
	} {
		if r := s.Check(); r == nil || r.GetField() != strings.Fields(what)[0] {
			t.Errorf("%v is refused with %v", s, r)
		}
	}
	s := Selection{Rooms: []string{"*", "lob*", "lobby"}, Kinds: []string{"message", "roleSet"}}
	if r := s.Check(); r != nil {
		t.Errorf("%v: %v", s, r)
	}
	for kind, e := range map[bool]*chatv1.Event{
		true:  {Change: &chatv1.Event_RoleSet{RoleSet: &chatv1.RoleSet{}}},
		false: {Change: &chatv1.Event_Left{Left: &chatv1.Left{}}},
	} {
		if s.Event(e) != kind {
			t.Errorf("%v is told: %v", e, !kind)
		}
	}
}
