package gateway

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// sendMessage has a message posted, in its turn. The answer is an ack.
func (s *session) sendMessage(re uint32, send *clientv1.ClientFrame_Send) {
	g := s.gateway
	g.metrics.sends.Inc()
	if wait, ok := s.maySend(); !ok {
		s.limited(re, wait, "too many messages; slow down")
		return
	}
	s.enqueue(send.GetRoom(), job{re: re, send: send, span: g.traceOf()})
}

// handleMessage translates changes of messages.
func (s *session) handleMessage(f *clientv1.ClientFrame) {
	re := f.GetId()
	switch r := f.GetRequest().(type) {
	case *clientv1.ClientFrame_Edit_:
		s.change(re, r.Edit.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Edit{Edit: &chatv1.Edit{Seq: r.Edit.GetSeq(), Text: r.Edit.GetText()}}
		})
	case *clientv1.ClientFrame_Delete_:
		s.change(re, r.Delete.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: r.Delete.GetSeq()}}
		})
	case *clientv1.ClientFrame_React_:
		s.change(re, r.React.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_React{React: &chatv1.React{
				Seq: r.React.GetSeq(), Emoji: r.React.GetEmoji(), Remove: r.React.GetRemove(),
			}}
		})
	case *clientv1.ClientFrame_Read_:
		s.readUpTo(re, r.Read)
	default:
		s.refuse(re, refusal(chatv1.ErrorCode_BAD_REQUEST, "this server does not know that request yet"))
	}
}
