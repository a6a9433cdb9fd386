package room

import (
	"google.golang.org/protobuf/encoding/protojson"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// send posts a message, once for each (user, clientMsgId) as long as the
// message is kept.
func (d *decision) send(c *chatv1.Send) Decision {
	if r := d.checkSend(c); r != nil {
		return d.refuse(r)
	}
	posted := &chatv1.Posted{Text: c.GetText(), Data: c.GetData(), ReplyTo: c.ReplyTo, Thread: c.Thread}
	posted.Mentions = d.mentions(c.GetText())
	key := SentKey{User: d.By.GetUser(), ClientMsgID: c.GetClientMsgId()}
	if sent, ok := d.known(key); ok {
		if sent.Body != BodyOf(posted) {
			field := "clientMsgId"
			r := refuse(chatv1.ErrorCode_CONFLICT, "this clientMsgId was used for another message; make a new one")
			r.Field = &field
			return d.refuse(r)
		}
		return d.already(sent.Seq, sent.TimeMs)
	}
	if r := d.checkWrite(d.By); r != nil {
		return d.refuse(r)
	}
	e := d.event()
	e.ClientMsgId = c.GetClientMsgId()
	e.Change = &chatv1.Event_Message{Message: posted}
	return d.decided(e)
}

func (d *decision) checkSend(c *chatv1.Send) *chatv1.Refusal {
	if r := CheckClientMsgID(c.GetClientMsgId()); r != nil {
		return r
	}
	if r := checkText(c.GetText(), d.limits.Text); r != nil {
		return r
	}
	if c.GetData() != nil {
		if json, err := protojson.Marshal(c.GetData()); err != nil {
			return badField("data", "data is a JSON object")
		} else if len(json) > d.limits.Data {
			return tooLarge("data", len(json), d.limits.Data)
		}
	}
	if c.ReplyTo != nil && (c.GetReplyTo() == 0 || c.GetReplyTo() > d.Head) {
		return badField("replyTo", "replyTo is the seq of a message in this room")
	}
	if c.Thread != nil && (c.GetThread() == 0 || c.GetThread() > d.Head) {
		return badField("thread", "thread is the seq of a message in this room")
	}
	return nil
}

// known is what the state or the store remembers of an id.
func (d *decision) known(key SentKey) (Sent, bool) {
	if sent, ok := d.Sent(key); ok {
		return sent, true
	}
	sent, ok := d.facts.Sent[key]
	return sent, ok
}
