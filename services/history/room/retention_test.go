package room

import (
	"fmt"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

var operator = &chatv1.Actor{User: "natter", Name: "natter", Admin: true}

// operate is an admin's command that has to make an event.
func operate(t *testing.T, s *State, change any) *chatv1.Event {
	t.Helper()
	d := Decide(s, Command{ID: "c", By: operator, Change: change}, Facts{}, DefaultLimits(), 5000)
	if d.Event == nil {
		t.Fatalf("%T: %v", change, d)
	}
	if err := s.Evolve(d.Event); err != nil {
		t.Fatal(err)
	}
	return d.Event
}

// TestTrimmedMessagesAreGone: what is trimmed is changed, answered and deleted
// no more, whoever asks is told why, and a trim is done once.
func TestTrimmedMessagesAreGone(t *testing.T) {
	s := lobby(t)
	for n := range 4 { // 3 to 6
		step(t, s, "bo", &chatv1.Send{ClientMsgId: fmt.Sprint(n), Text: "hi"})
	}
	if d := decide(s, "ana", &chatv1.Trim{Before: 5}); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("a trim by a member: %v", d)
	}
	if e := operate(t, s, &chatv1.Trim{Before: 5}); e.GetTimeMs() != 1000 {
		t.Errorf("the room became active at %d by a trim", e.GetTimeMs())
	}
	for _, before := range []uint32{0, 4, 5} {
		if d := Decide(s, Command{By: operator, Change: &chatv1.Trim{Before: before}}, Facts{}, DefaultLimits(), 5000); !d.Duplicate() {
			t.Errorf("trimmed again before %d: %v", before, d)
		}
	}
	four := uint32(4)
	for _, change := range []any{
		&chatv1.Edit{Seq: 4, Text: "x"}, &chatv1.Delete{Seq: 4}, &chatv1.React{Seq: 3, Emoji: "👍"},
		&chatv1.Send{ClientMsgId: "r", Text: "x", ReplyTo: &four}, &chatv1.Send{ClientMsgId: "t", Text: "x", Thread: &four},
	} {
		if n := s.Needs("bo", change); len(n.Messages) > 0 {
			t.Errorf("%T needs %v of the store", change, n)
		}
		if d := decide(s, "bo", change); d.Refusal.GetCode() != chatv1.ErrorCode_GONE || d.Refusal.GetField() == "" {
			t.Errorf("%T of a trimmed message: %v", change, d)
		}
	}
	step(t, s, "bo", &chatv1.Edit{Seq: 5, Text: "still there"})
	if d := decide(s, "bo", &chatv1.Send{ClientMsgId: "0", Text: "hi"}); !d.Duplicate() || d.Seq != 3 {
		t.Errorf("a message that was trimmed is sent again: %v", d)
	}
	operate(t, s, &chatv1.Trim{Before: 7})
	if v := s.View("bo"); v.Last != nil || v.GetSince() != 7 {
		t.Errorf("the view of a room without messages: %v", v)
	}
}

// TestATrimOfAnotherRetention: nothing is trimmed by a retention that an admin
// has replaced meanwhile.
func TestATrimOfAnotherRetention(t *testing.T) {
	s := lobby(t)
	step(t, s, "bo", &chatv1.Send{ClientMsgId: "m", Text: "hi"})
	if d := decide(s, "ana", &chatv1.SetRetention{}); d.Refusal.GetCode() != chatv1.ErrorCode_FORBIDDEN {
		t.Errorf("a retention by an owner: %v", d)
	}
	operate(t, s, &chatv1.SetRetention{Retention: &chatv1.Retention{}})
	if d := Decide(s, Command{By: operator, Change: &chatv1.Trim{Before: 4}}, Facts{}, DefaultLimits(), 5000); !d.Duplicate() {
		t.Errorf("trimmed by the server's retention: %v", d)
	}
	if d := Decide(s, Command{By: operator, Change: &chatv1.SetRetention{Retention: &chatv1.Retention{}}}, Facts{}, DefaultLimits(), 5000); !d.Duplicate() {
		t.Errorf("set again: %v", d)
	}
	operate(t, s, &chatv1.Trim{Before: 4, Retention: &chatv1.Retention{}})
}

// TestAnExportOfATrimmedRoomIsTaken: with the holes that it has, and no others.
func TestAnExportOfATrimmedRoomIsTaken(t *testing.T) {
	from := lobby(t)
	log := []*chatv1.Event{
		step(t, from, "bo", &chatv1.Send{ClientMsgId: "a", Text: "hi"}), // 3
		step(t, from, "bo", &chatv1.Send{ClientMsgId: "b", Text: "hi"}),
		step(t, from, "cy", &chatv1.Join{}), // 5
		step(t, from, "cy", &chatv1.Send{ClientMsgId: "c", Text: "hi", ReplyTo: optional(4), Thread: optional(3)}),
		step(t, from, "bo", &chatv1.Edit{Seq: 4, Text: "hello"}), // 7
		operate(t, from, &chatv1.Trim{Before: 6}),
	}
	into := lobby(t)
	take := func(e *chatv1.Event) Decision {
		d := Decide(into, Command{By: operator, Change: e}, Facts{}, DefaultLimits(), 5000)
		if d.Event != nil {
			if err := into.Evolve(d.Event); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	for _, skipped := range []uint32{0, 1, 3, ^uint32(0)} {
		e := &chatv1.Event{Seq: 5, Skipped: skipped, TimeMs: 1000, User: "cy", Change: log[2].GetChange()}
		if d := take(e); d.Refusal == nil {
			t.Errorf("taken with %d skipped: %v", skipped, d)
		}
	}
	for i, e := range log[2:] {
		left := Left(e, 6)
		if i == 0 {
			left.Skipped = 2
		}
		if d := take(left); d.Refusal != nil {
			t.Errorf("%v: %v", left, d.Refusal)
		}
	}
	if fmt.Sprint(into.Room()) != fmt.Sprint(from.Room()) || into.Since != 6 {
		t.Errorf("it was %v and is %v", from.Room(), into.Room())
	}
}

func optional(n uint32) *uint32 { return &n }

// TestFilled: trimmed seqs are filled, and any other hole is told.
func TestFilled(t *testing.T) {
	kept := []*chatv1.Event{{Room: "r", Seq: 2, TimeMs: 20}, {Room: "r", Seq: 5, TimeMs: 50}, {Room: "r", Seq: 6, TimeMs: 60}}
	for _, c := range []struct {
		after, to, since uint32
		whole            bool
		want             string
	}{
		{0, 6, 5, true, "1@20 2 3@50 4@50 5 6"}, {2, 6, 5, true, "3@50 4@50 5 6"}, {3, 6, 9, true, "4@50 5 6"}, {4, 6, 0, true, "5 6"},
		{4, 8, 9, true, "5 6 7@60 8@60"}, {6, 7, 8, true, "7@0"}, {6, 6, 0, true, ""},
		{0, 6, 4, false, "1@20 2 3@50"}, {4, 7, 5, false, "5 6"}, {0, 6, 0, false, ""},
	} {
		got, whole := Filled("r", kept, c.after, c.to, c.since)
		text := ""
		for i, e := range got {
			if i > 0 {
				text += " "
			}
			text += fmt.Sprint(e.GetSeq())
			if e.GetDeleted() != nil {
				text += fmt.Sprint("@", e.GetTimeMs())
			}
		}
		if text != c.want || whole != c.whole {
			t.Errorf("%+v: %q, %v", c, text, whole)
		}
	}
}
