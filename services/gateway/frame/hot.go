package frame

import (
	"math"
	"strconv"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// What is read and written most goes without reflection: a send, a message's
// event, an ack, and a page. Tests hold them equal to what the schema says.

// send is fields for a ClientFrame_Send.
func (d *decoder) send(request *clientv1.ClientFrame) {
	m := &clientv1.ClientFrame_Send{}
	request.Request = &clientv1.ClientFrame_Send_{Send: m}
	var seen uint64
	d.open('{')
	for first := true; d.more('}', first); first = false {
		index, name := sendField(d.key())
		if index == sendUnknown {
			d.skip()
			continue
		}
		if d.again(&seen, index, name) || d.word("null") {
			continue
		}
		switch index {
		case sendRoom:
			m.Room, _ = d.quotedText(name)
		case sendClientMsgID:
			m.ClientMsgId, _ = d.quotedText(name)
		case sendText:
			m.Text, _ = d.quotedText(name)
		case sendData:
			m.Data = d.structure(name)
		case sendReplyTo:
			m.ReplyTo = d.optionalUint32(name)
		case sendThread:
			m.Thread = d.optionalUint32(name)
		case sendAttempt:
			m.Attempt = d.optionalUint32(name)
		}
	}
}

const (
	sendRoom = iota
	sendClientMsgID
	sendText
	sendData
	sendReplyTo
	sendThread
	sendAttempt
	sendUnknown
)

func sendField(key []byte) (index int, name string) {
	switch string(key) {
	case "room":
		return sendRoom, "room"
	case "clientMsgId", "client_msg_id":
		return sendClientMsgID, "clientMsgId"
	case "text":
		return sendText, "text"
	case "data":
		return sendData, "data"
	case "replyTo", "reply_to":
		return sendReplyTo, "replyTo"
	case "thread":
		return sendThread, "thread"
	case "attempt":
		return sendAttempt, "attempt"
	}
	return sendUnknown, ""
}

func (d *decoder) optionalUint32(blame string) *uint32 {
	v, ok := d.unsigned(blame, math.MaxUint32)
	if !ok {
		return nil
	}
	u := uint32(v)
	return &u
}

func appendPosted(dst []byte, re *uint32, e *clientv1.ServerFrame_Event, p *chatv1.Posted) []byte {
	dst = appendRe(dst, re)
	dst = append(dst, `"event":{"room":`...)
	dst = appendString(dst, e.GetRoom())
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendUint(dst, uint64(e.GetSeq()), 10)
	if e.GetTime() != nil {
		dst = append(dst, `,"time":`...)
		dst = appendTime(dst, e.GetTime())
	}
	dst = append(dst, `,"user":`...)
	dst = appendString(dst, e.GetUser())
	if e.Name != nil {
		dst = append(dst, `,"name":`...)
		dst = appendString(dst, e.GetName())
	}
	if e.ClientMsgId != nil {
		dst = append(dst, `,"clientMsgId":`...)
		dst = appendString(dst, e.GetClientMsgId())
	}
	dst = append(dst, `,"message":{"text":`...)
	dst = appendString(dst, p.GetText())
	if p.GetData() != nil {
		dst = append(dst, `,"data":`...)
		dst = appendStruct(dst, p.GetData())
	}
	if p.ReplyTo != nil {
		dst = append(dst, `,"replyTo":`...)
		dst = strconv.AppendUint(dst, uint64(p.GetReplyTo()), 10)
	}
	if p.Thread != nil {
		dst = append(dst, `,"thread":`...)
		dst = strconv.AppendUint(dst, uint64(p.GetThread()), 10)
	}
	dst = append(dst, `,"mentions":[`...)
	for i, user := range p.GetMentions() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, user)
	}
	return append(dst, `]}}}`...)
}

// appendRe begins a frame, with the number of the request that it answers.
func appendRe(dst []byte, re *uint32) []byte {
	if re == nil {
		return append(dst, '{')
	}
	dst = append(dst, `{"re":`...)
	dst = strconv.AppendUint(dst, uint64(*re), 10)
	return append(dst, ',')
}

func appendAck(dst []byte, re *uint32, a *clientv1.ServerFrame_Ack) []byte {
	dst = appendRe(dst, re)
	dst = append(dst, `"ack":{"room":`...)
	dst = appendString(dst, a.GetRoom())
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendUint(dst, uint64(a.GetSeq()), 10)
	if a.GetTime() != nil {
		dst = append(dst, `,"time":`...)
		dst = appendTime(dst, a.GetTime())
	}
	dst = append(dst, `,"duplicate":`...)
	dst = strconv.AppendBool(dst, a.GetDuplicate())
	dst = append(dst, `,"durability":`...)
	dst = appendEnum(dst, a.GetDurability().Descriptor(), a.GetDurability().Number())
	return append(dst, '}', '}')
}
