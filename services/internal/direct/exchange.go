package direct

import (
	"sync"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"
)

// Request is a question or a command, and the way back.
type Request struct {
	Header nats.Header // nil: none
	Data   []byte
	// Respond takes the answer, at most once. It does not wait, and may be called
	// from within the handler.
	Respond func(data []byte)
}

// Handler takes a request, or leaves it: false means that it has done nothing
// with it. It does not wait, and asks nothing of the exchange that it is called
// from.
type Handler func(Request) (taken bool)

// Message is what is told. Nobody changes its body any more: who told it and who
// follows it go on with the same.
type Message struct {
	Subject string
	Header  nats.Header // nil: none
	Body    proto.Message
}

// Follower takes a message. It does not wait.
type Follower func(Message)

// Exchange knows who in this process serves and follows which subject. A nil one
// knows nobody, and cannot be followed. Safe for concurrent use.
type Exchange struct {
	mu        sync.RWMutex
	handlers  map[string]*Handler
	followers map[string]*Follower
	elsewhere func(subject string) bool
}

// New is an exchange that knows nobody yet. Whether anybody follows a subject at
// NATS, elsewhere says.
func New(elsewhere func(subject string) bool) *Exchange {
	return &Exchange{handlers: map[string]*Handler{}, followers: map[string]*Follower{}, elsewhere: elsewhere}
}

// Serve has requests to a subject come to a handler, in place of one before.
// After stop has returned none does, and none is under way there.
func (x *Exchange) Serve(subject string, h Handler) (stop func()) {
	if x == nil {
		return func() {}
	}
	return put(&x.mu, x.handlers, subject, &h)
}

// Ask gives a request to who serves the subject here. False: nobody has taken
// it, and it is to go by NATS.
func (x *Exchange) Ask(subject string, r Request) (taken bool) {
	if x == nil {
		return false
	}
	x.mu.RLock()
	defer x.mu.RUnlock()
	h := x.handlers[subject]
	return h != nil && (*h)(r)
}

// Follow has the messages of a subject come to a follower, in place of one
// before, in the order of the calls of Tell.
func (x *Exchange) Follow(subject string, f Follower) (stop func()) {
	return put(&x.mu, x.followers, subject, &f)
}

// Tell gives a message to who follows its subject here, if anybody does, and
// tells whether it is to go to NATS, too.
func (x *Exchange) Tell(msg Message) (elsewhere bool) {
	if x == nil {
		return true
	}
	x.tell(msg)
	return x.elsewhere(msg.Subject)
}

func (x *Exchange) tell(msg Message) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if f := x.followers[msg.Subject]; f != nil {
		(*f)(msg)
	}
}

// put puts an entry in place of one before. The returned function takes it out
// again, but not one that has come in its place.
func put[T any](mu *sync.RWMutex, table map[string]*T, subject string, entry *T) (remove func()) {
	mu.Lock()
	defer mu.Unlock()
	table[subject] = entry
	return func() {
		mu.Lock()
		defer mu.Unlock()
		if table[subject] == entry {
			delete(table, subject)
		}
	}
}
