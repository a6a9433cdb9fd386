package frame

import (
	"strings"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// message checks requests about what is said; the others are about rooms.
func (r *rules) message(request *clientv1.ClientFrame) {
	switch body := request.GetRequest().(type) {
	case *clientv1.ClientFrame_Send_:
		r.send(body.Send)
	case *clientv1.ClientFrame_Edit_:
		r.room(body.Edit.GetRoom())
		r.seq("seq", body.Edit.GetSeq())
		r.text(body.Edit.GetText())
	case *clientv1.ClientFrame_Delete_:
		r.room(body.Delete.GetRoom())
		r.seq("seq", body.Delete.GetSeq())
	case *clientv1.ClientFrame_React_:
		r.room(body.React.GetRoom())
		r.seq("seq", body.React.GetSeq())
		r.label("emoji", body.React.GetEmoji(), maxEmoji)
	case *clientv1.ClientFrame_Typing_:
		r.room(body.Typing.GetRoom())
	case *clientv1.ClientFrame_Read_:
		r.room(body.Read.GetRoom())
	case *clientv1.ClientFrame_Signal_:
		r.room(body.Signal.GetRoom())
		r.label("name", body.Signal.GetName(), maxSignal)
		r.data(body.Signal.GetData())
	case *clientv1.ClientFrame_Messages_:
		r.page(body.Messages)
	case *clientv1.ClientFrame_Search_:
		r.search(body.Search)
	default:
		r.rooms(request)
	}
}

func (r *rules) send(m *clientv1.ClientFrame_Send) {
	r.room(m.GetRoom())
	if !isClientMsgID(m.GetClientMsgId()) {
		r.bad("clientMsgId", "clientMsgId is not 1 to %d bytes of printable ASCII without spaces; a UUID serves", maxClientMsgID)
	}
	r.text(m.GetText())
	r.data(m.GetData())
	r.optionalSeq("replyTo", m.ReplyTo)
	r.optionalSeq("thread", m.Thread)
}

func (r *rules) page(m *clientv1.ClientFrame_Messages) {
	r.room(m.GetRoom())
	r.optionalSeq("thread", m.Thread)
	r.limit(m.Limit)
	switch {
	case m.Before != nil && m.After != nil:
		r.bad("after", "before and after are both there; give one of before, after and around")
	case m.Around != nil && (m.Before != nil || m.After != nil):
		r.bad("around", "around is there with another; give one of before, after and around")
	}
}

func (r *rules) search(m *clientv1.ClientFrame_Search) {
	r.label("query", m.GetQuery(), maxQuery)
	r.atMost("query", len(strings.Fields(m.GetQuery())), r.limits.Terms, "terms")
	if m.Room != nil {
		r.room(m.GetRoom())
	}
	if m.From != nil {
		r.user("from", m.GetFrom())
	}
	r.time("before", m.GetBefore())
	r.time("after", m.GetAfter())
	r.cursor(m.Cursor)
	r.limit(m.Limit)
}
