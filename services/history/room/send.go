package room

import (
	"bytes"
	"encoding/json"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// send posts a message, once for each (user, clientMsgId) as long as the
// message is kept; Decide has answered the same one already.
func (d *decision) send(c *chatv1.Send) Decision {
	if r := d.checkSend(c); r != nil {
		return refused(r)
	}
	posted := postedBy(c)
	if _, ok := d.known(SentKey{User: d.By.GetUser(), ClientMsgID: c.GetClientMsgId()}); ok {
		return refused(withField(refuse(chatv1.ErrorCode_CONFLICT, "this clientMsgId was used for another message; make a new one"), "clientMsgId"))
	}
	if r := d.checkPost(c); r != nil {
		return refused(r)
	}
	posted.Mentions = d.mentions(c.GetText())
	e := d.event()
	e.ClientMsgId = c.GetClientMsgId()
	e.Change = &chatv1.Event_Message{Message: posted}
	return decided(e)
}

// postedBy is what a send says, without what the writer finds in it.
func postedBy(c *chatv1.Send) *chatv1.Posted {
	return &chatv1.Posted{Text: c.GetText(), Data: c.GetData(), ReplyTo: c.ReplyTo, Thread: c.Thread}
}

// checkPost refuses what may not be said here now. A message that is there
// already was allowed then, so this comes after.
func (d *decision) checkPost(c *chatv1.Send) *chatv1.Refusal {
	if !d.By.GetAdmin() {
		if r := d.checkWrite(write); r != nil {
			return r
		}
		if r := d.checkSlowMode(); r != nil {
			return r
		}
	}
	if r := d.checkReference("replyTo", c.ReplyTo); r != nil {
		return r
	}
	return d.checkReference("thread", c.Thread)
}

// checkReference refuses a field that names something else than a message of
// this room.
func (d *decision) checkReference(field string, seq *uint32) *chatv1.Refusal {
	if seq == nil {
		return nil
	}
	if _, r := d.message(field, *seq); r.GetCode() == chatv1.ErrorCode_GONE {
		return r
	} else if r != nil {
		return badField(field, "%s is the seq of a message in this room", field)
	}
	return nil
}

// checkSlowMode refuses a member who sent not long ago.
func (d *decision) checkSlowMode() *chatv1.Refusal {
	sent := d.SlowSent[d.By.GetUser()]
	if d.SlowMode == 0 || sent == 0 || atLeast(d.role(), slowModeFree) {
		return nil
	}
	wait := sent + int64(d.SlowMode)*1000 - d.now
	if wait <= 0 {
		return nil
	}
	r := refuse(chatv1.ErrorCode_SLOW_MODE, "the room is in slow mode: one message in %d seconds", d.SlowMode)
	after := uint32(wait)
	r.RetryAfterMs = &after
	return r
}

func (d *decision) checkSend(c *chatv1.Send) *chatv1.Refusal {
	if r := CheckClientMsgID(c.GetClientMsgId()); r != nil {
		return r
	}
	if r := checkText(c.GetText(), d.limits.Text); r != nil {
		return r
	}
	if c.GetData() != nil {
		size, err := jsonSize(c.GetData())
		if err != nil {
			return badField("data", "data is a JSON object")
		} else if size > d.limits.Data {
			return tooLarge("data", size, d.limits.Data)
		}
	}
	return nil
}

// jsonSize is how many bytes data has as JSON without spaces, which protojson
// puts in as it likes.
func jsonSize(data *structpb.Struct) (int, error) {
	text, err := protojson.Marshal(data)
	if err != nil {
		return 0, err
	}
	var b bytes.Buffer
	if err := json.Compact(&b, text); err != nil {
		return 0, err
	}
	return b.Len(), nil
}

// known is what the state or the store remembers of an id.
func (d *decision) known(key SentKey) (Sent, bool) {
	if sent, ok := d.Sent(key); ok {
		return sent, true
	}
	sent, ok := d.facts.Sent[key]
	return sent, ok
}
