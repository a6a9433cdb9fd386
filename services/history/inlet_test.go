package history

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestNobodyIsLeftWithoutAnAnswer: whatever was put before a writer that has
// quit is turned away, also where NATS is gone and no subscription is left to
// wait for.
func TestNobodyIsLeftWithoutAnAnswer(t *testing.T) {
	const each = 500
	w := &writer{requests: make(chan *request, each), questions: make(chan *question, each)}
	turned := 0
	count := func(r *chatv1.Refusal) {
		if r.GetCode() != chatv1.ErrorCode_UNAVAILABLE {
			t.Errorf("one is answered with %v", r)
		}
		turned++
	}
	for range each {
		if !offer(w.requests, &request{answer: func(reply *chatv1.CommandReply) { count(reply.GetRefusal()) }}) {
			t.Fatal("there is room, and a command is not taken")
		}
		if !offer(w.questions, &question{answer: func(reply *chatv1.AskReply) { count(reply.GetRefusal()) }}) {
			t.Fatal("there is room, and a question is not taken")
		}
	}
	if offer(w.requests, &request{}) || offer(w.questions, &question{}) {
		t.Error("there is no room, and one more is taken")
	}
	(&Service{}).drain(w, nil)
	if turned != 2*each {
		t.Errorf("%d of %d were turned away", turned, 2*each)
	}
}
