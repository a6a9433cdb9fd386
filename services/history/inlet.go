package history

import chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"

// await puts a request before the writer, and waits where too many are; nil is
// none. One that has ended turns it away.
func (w *writer) await(r *request) {
	if r == nil {
		return
	}
	select {
	case w.requests <- r:
	case <-w.quit:
		r.answer(refusedCommand(unavailable(moving)))
	}
}

// offer does not wait; false: too many do.
func (w *writer) offer(r *request) (taken bool) {
	if r == nil {
		return true
	}
	select {
	case w.requests <- r:
		return true
	default:
		return false
	}
}

// awaitQuestion is await for a question.
func (w *writer) awaitQuestion(q *question) {
	if q == nil {
		return
	}
	select {
	case w.questions <- q:
	case <-w.quit:
		q.answer(&chatv1.AskReply{Refusal: unavailable(moving)})
	}
}

// offerQuestion is offer for a question.
func (w *writer) offerQuestion(q *question) (taken bool) {
	if q == nil {
		return true
	}
	select {
	case w.questions <- q:
		return true
	default:
		return false
	}
}

// empty turns away what was offered to a writer that has ended.
func (w *writer) empty() {
	for {
		select {
		case r := <-w.requests:
			r.answer(refusedCommand(unavailable(moving)))
		case q := <-w.questions:
			q.answer(&chatv1.AskReply{Refusal: unavailable(moving)})
		default:
			return
		}
	}
}
