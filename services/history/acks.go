package history

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// acksWaiting is how many answers may wait: one is expected, the others belong to
// appends that were given up.
const acksWaiting = 64

// errNoAnswer says that JetStream has not answered in time.
var errNoAnswer = errors.New("no answer from JetStream in time")

// acks are the answers to one journal's appends. They come from the connection's
// reader into the channel of who waits for other things, too: a request of the
// library's would wake two goroutines more for each append. Not safe for
// concurrent use, but for the channel.
type acks struct {
	nc    *nats.Conn
	inbox string
	plain []byte // how an answer begins that has nothing to say but the sequence
	asked uint64 // how many
	under bool   // the last of them is under way
	came  chan *nats.Msg
}

// newAcks follows the answers of a stream until the connection is closed.
func newAcks(nc *nats.Conn, stream string) (*acks, error) {
	a := &acks{nc: nc, plain: fmt.Appendf(nil, `{"stream":%q,"seq":`, stream), inbox: nc.NewInbox() + ".", came: make(chan *nats.Msg, acksWaiting)}
	if _, err := nc.ChanSubscribe(a.inbox+"*", a.came); err != nil {
		return nil, fmt.Errorf("follow the answers of JetStream: %w", err)
	}
	return a, nil
}

// ask publishes a message; an answer to one before is none any more.
func (a *acks) ask(msg *nats.Msg) error {
	a.asked++
	a.under = true
	msg.Reply = a.inbox + strconv.FormatUint(a.asked, 36)
	return a.nc.PublishMsg(msg)
}

// answers tells whether a message answers the last one asked, as the first.
func (a *acks) answers(msg *nats.Msg) bool {
	ours := a.under && strings.TrimPrefix(msg.Subject, a.inbox) == strconv.FormatUint(a.asked, 36)
	if ours {
		a.under = false
	}
	return ours
}

// giveUp has whatever still comes be no answer.
func (a *acks) giveUp() { a.under = false }

// sequenceOf is where JetStream has stored a message, by its answer.
func sequenceOf(msg *nats.Msg, plain []byte) (uint64, error) {
	if len(msg.Data) == 0 && msg.Header.Get("Status") != "" {
		return 0, jetstream.ErrNoStreamResponse
	}
	if sequence, ok := plainAck(msg.Data, plain); ok {
		return sequence, nil
	}
	var ack struct {
		jetstream.PubAck
		Error *jetstream.APIError `json:"error"`
	}
	if err := json.Unmarshal(msg.Data, &ack); err != nil {
		return 0, jetstream.ErrInvalidJSAck
	}
	switch {
	case ack.Error != nil:
		return 0, ack.Error
	case ack.Stream == "":
		return 0, jetstream.ErrInvalidJSAck
	}
	return ack.Sequence, nil
}

// plainAck reads an answer that says where a message is stored, and nothing else:
// mostly it does, and need not be taken apart in all generality. plain is its
// beginning, up to the sequence.
func plainAck(data, plain []byte) (sequence uint64, ok bool) {
	rest, begun := bytes.CutPrefix(data, plain)
	digits, ended := bytes.CutSuffix(rest, []byte("}"))
	if !begun || !ended {
		return 0, false
	}
	sequence, err := strconv.ParseUint(string(digits), 10, 64)
	return sequence, err == nil
}
