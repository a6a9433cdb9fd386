package room

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// lobby is a public room of ana's, with bo in it.
func lobby(t *testing.T) *State {
	t.Helper()
	s := New("lobby")
	step(t, s, "ana", &chatv1.CreateRoom{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC})
	step(t, s, "bo", &chatv1.Join{})
	return s
}

// step is a command that has to make an event.
func step(t *testing.T, s *State, user string, change any) *chatv1.Event {
	t.Helper()
	d := decide(s, user, change)
	if d.Event == nil {
		t.Fatalf("%T by %s: %v", change, user, d)
	}
	if err := s.Evolve(d.Event); err != nil {
		t.Fatal(err)
	}
	return d.Event
}

func decide(s *State, user string, change any) Decision {
	return Decide(s, Command{ID: "c", By: &chatv1.Actor{User: user, Name: user}, Change: change}, Facts{}, DefaultLimits(), 1000)
}

func TestSendRefusals(t *testing.T) {
	large, _ := structpb.NewStruct(map[string]any{"x": strings.Repeat("y", 5000)})
	zero, beyond := uint32(0), uint32(99)
	for name, c := range map[string]struct {
		send  *chatv1.Send
		code  chatv1.ErrorCode
		field string
	}{
		"no id":            {&chatv1.Send{Text: "x"}, chatv1.ErrorCode_BAD_REQUEST, "clientMsgId"},
		"long id":          {&chatv1.Send{ClientMsgId: strings.Repeat("i", 65), Text: "x"}, chatv1.ErrorCode_BAD_REQUEST, "clientMsgId"},
		"id not ASCII":     {&chatv1.Send{ClientMsgId: "é", Text: "x"}, chatv1.ErrorCode_BAD_REQUEST, "clientMsgId"},
		"no text":          {&chatv1.Send{ClientMsgId: "m"}, chatv1.ErrorCode_BAD_REQUEST, "text"},
		"nothing to see":   {&chatv1.Send{ClientMsgId: "m", Text: " \n\u200b\u2060"}, chatv1.ErrorCode_BAD_REQUEST, "text"},
		"NUL":              {&chatv1.Send{ClientMsgId: "m", Text: "a\x00b"}, chatv1.ErrorCode_BAD_REQUEST, "text"},
		"not UTF-8":        {&chatv1.Send{ClientMsgId: "m", Text: "a\xff"}, chatv1.ErrorCode_BAD_REQUEST, "text"},
		"too long":         {&chatv1.Send{ClientMsgId: "m", Text: strings.Repeat("a", 16<<10+1)}, chatv1.ErrorCode_TOO_LARGE, "text"},
		"data too large":   {&chatv1.Send{ClientMsgId: "m", Text: "x", Data: large}, chatv1.ErrorCode_TOO_LARGE, "data"},
		"reply to nothing": {&chatv1.Send{ClientMsgId: "m", Text: "x", ReplyTo: &zero}, chatv1.ErrorCode_BAD_REQUEST, "replyTo"},
		"thread beyond":    {&chatv1.Send{ClientMsgId: "m", Text: "x", Thread: &beyond}, chatv1.ErrorCode_BAD_REQUEST, "thread"},
	} {
		d := decide(lobby(t), "bo", c.send)
		if d.Refusal.GetCode() != c.code || d.Refusal.GetField() != c.field {
			t.Errorf("%s: %v, want %v of %s", name, d, c.code, c.field)
		}
	}
	if d := decide(lobby(t), "bo", &chatv1.Send{ClientMsgId: "m", Text: strings.Repeat("a", 16<<10)}); d.Event == nil {
		t.Errorf("a text of just 16 KiB: %v", d.Refusal)
	}
}

func TestWhoMayWrite(t *testing.T) {
	hello := &chatv1.Send{ClientMsgId: "m", Text: "x"}
	if d := decide(lobby(t), "cy", hello); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("one who is not in the room: %v", d)
	}
	news := New("news")
	step(t, news, "ana", &chatv1.CreateRoom{Name: "News", Kind: chatv1.RoomKind_BROADCAST})
	step(t, news, "bo", &chatv1.Join{})
	if d := decide(news, "bo", hello); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("a reader of a broadcast room: %v", d)
	}
	step(t, news, "ana", hello)
}

func TestMentionsAreMembersOnce(t *testing.T) {
	s := lobby(t)
	e := step(t, s, "ana", &chatv1.Send{ClientMsgId: "m", Text: "<@bo> <@cy> <@bo> <@ana <@" + strings.Repeat("<@", 4000)})
	if got := e.GetMessage().GetMentions(); len(got) != 1 || got[0] != "bo" {
		t.Errorf("mentions %v, want bo alone", got)
	}
}

func TestCreateRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		room   string
		create *chatv1.CreateRoom
		code   chatv1.ErrorCode
		field  string
	}{
		"wildcard":      {">", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC}, chatv1.ErrorCode_BAD_REQUEST, "room"},
		"two tokens":    {"a.b", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC}, chatv1.ErrorCode_BAD_REQUEST, "room"},
		"capitals":      {"Lobby", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC}, chatv1.ErrorCode_BAD_REQUEST, "room"},
		"65 bytes":      {strings.Repeat("a", 65), &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC}, chatv1.ErrorCode_BAD_REQUEST, "room"},
		"empty":         {"", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC}, chatv1.ErrorCode_BAD_REQUEST, "room"},
		"10 KB of name": {"r", &chatv1.CreateRoom{Name: strings.Repeat("n", 10_000), Kind: chatv1.RoomKind_PUBLIC}, chatv1.ErrorCode_TOO_LARGE, "name"},
		"blank name":    {"r", &chatv1.CreateRoom{Name: " ", Kind: chatv1.RoomKind_PUBLIC}, chatv1.ErrorCode_BAD_REQUEST, "name"},
		"no kind":       {"r", &chatv1.CreateRoom{Name: "x"}, chatv1.ErrorCode_BAD_REQUEST, "kind"},
		"direct":        {"r", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_DIRECT}, chatv1.ErrorCode_BAD_REQUEST, "kind"},
		"long topic":    {"r", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC, Topic: strings.Repeat("t", 1025)}, chatv1.ErrorCode_TOO_LARGE, "topic"},
		"bad member":    {"r", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC, Members: []string{"a\nb"}}, chatv1.ErrorCode_BAD_REQUEST, "members"},
		"101 members":   {"r", &chatv1.CreateRoom{Name: "x", Kind: chatv1.RoomKind_PUBLIC, Members: make([]string, 101)}, chatv1.ErrorCode_TOO_LARGE, "members"},
	} {
		d := decide(New(c.room), "ana", c.create)
		if d.Refusal.GetCode() != c.code || d.Refusal.GetField() != c.field {
			t.Errorf("%s: %v, want %v of %s", name, d, c.code, c.field)
		}
	}
}

func TestCreateTakenAndRepeated(t *testing.T) {
	s := lobby(t)
	same := &chatv1.CreateRoom{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC}
	if d := decide(s, "ana", same); !d.Duplicate() || d.Seq != 1 {
		t.Errorf("the same by the same: %v", d)
	}
	if d := decide(s, "bo", same); d.Refusal.GetCode() != chatv1.ErrorCode_CONFLICT {
		t.Errorf("the same by another: %v", d)
	}
	if d := decide(s, "ana", &chatv1.CreateRoom{Name: "Other", Kind: chatv1.RoomKind_PUBLIC}); d.Refusal.GetCode() != chatv1.ErrorCode_CONFLICT {
		t.Errorf("another by the same: %v", d)
	}
}

func TestLeaving(t *testing.T) {
	s := lobby(t)
	if d := decide(s, "ana", &chatv1.Leave{}); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("the last owner left bo behind: %v", d)
	}
	step(t, s, "bo", &chatv1.Leave{})
	if d := decide(s, "bo", &chatv1.Leave{}); !d.Duplicate() {
		t.Errorf("leaving twice: %v", d)
	}
	if d := decide(s, "ana", &chatv1.Leave{}); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("the last owner left nobody behind: %v", d)
	}
}

func TestSlowModeOutlivesLeaving(t *testing.T) {
	s := lobby(t)
	slow := uint32(60)
	step(t, s, "ana", &chatv1.UpdateRoom{SlowModeSeconds: &slow})
	step(t, s, "bo", &chatv1.Send{ClientMsgId: "1", Text: "x"})
	step(t, s, "bo", &chatv1.Leave{})
	step(t, s, "bo", &chatv1.Join{})
	if d := decide(s, "bo", &chatv1.Send{ClientMsgId: "2", Text: "x"}); d.Refusal.GetCode() != chatv1.ErrorCode_SLOW_MODE || d.Refusal.GetRetryAfterMs() != 60_000 {
		t.Errorf("leaving and joining escapes slow mode: %v", d)
	}
	step(t, s, "ana", &chatv1.Send{ClientMsgId: "3", Text: "x"})
	step(t, s, "ana", &chatv1.Send{ClientMsgId: "4", Text: "an owner is not held up"})
}

func TestForgetKeepsWhatIsNotStored(t *testing.T) {
	s := lobby(t)
	for _, id := range []string{"a", "b", "c", "d"} {
		step(t, s, "ana", &chatv1.Send{ClientMsgId: id, Text: id})
	}
	s.Forget(1, 4) // seqs 3 and 4 are stored, 5 and 6 are not
	for id, want := range map[string]bool{"a": false, "b": false, "c": true, "d": true} {
		if _, got := s.Sent(SentKey{"ana", id}); got != want {
			t.Errorf("%s remembered: %v, want %v", id, got, want)
		}
	}
}

func TestEvolveRefusesWhatDoesNotFollow(t *testing.T) {
	s := lobby(t)
	for _, e := range []*chatv1.Event{{Room: "lobby", Seq: 2}, {Room: "lobby", Seq: 4}, {Room: "other", Seq: 3}} {
		if s.Evolve(e) == nil || s.Head != 2 {
			t.Errorf("%v was folded at head 2", e)
		}
	}
}
