package history

import chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"

// incoming is what a writer is asked for; nil: nothing.
type incoming interface {
	comparable
	// turnAway answers that nothing was done.
	turnAway(why string)
}

func (r *request) turnAway(why string) { r.answer(refusedCommand(unavailable(why))) }

func (q *question) turnAway(why string) { q.answer(&chatv1.AskReply{Refusal: unavailable(why)}) }

// await puts something before a writer, and waits where too much is there. One
// that has quit turns it away.
func await[T incoming](box chan<- T, quit <-chan struct{}, in T) {
	var nothing T
	if in == nothing {
		return
	}
	select {
	case box <- in:
	case <-quit:
		in.turnAway(moving)
	}
}

// offer does not wait; false: too much is there.
func offer[T incoming](box chan<- T, in T) (taken bool) {
	var nothing T
	if in == nothing {
		return true
	}
	select {
	case box <- in:
		return true
	default:
		return false
	}
}

// empty turns away what a writer that has quit left. Nobody else takes from the
// box.
func empty[T incoming](box <-chan T) {
	for len(box) > 0 {
		(<-box).turnAway(moving)
	}
}
