package room

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Facts are what a decision needs to know besides the state.
type Facts struct {
	// Sent are ids that the store was asked for, and knows.
	Sent map[SentKey]Sent
}

// Needs are what only the store can tell.
type Needs struct {
	// Sent are ids that may have been sent before, and that the state does not remember.
	Sent []SentKey
	// Messages are seqs of messages that the state does not know.
	Messages []uint32
}

// None tells whether the state is enough.
func (n Needs) None() bool { return len(n.Sent) == 0 && len(n.Messages) == 0 }

// Needs tells what a decision on a command's change needs.
func (s *State) Needs(user string, change any) Needs {
	var n Needs
	switch c := change.(type) {
	case *chatv1.Sends:
		for _, send := range c.GetSends() {
			s.needSent(&n, user, send)
			s.needMessage(&n, send.GetReplyTo())
			s.needMessage(&n, send.GetThread())
		}
	case *chatv1.Import:
		s.needPast(&n, c)
	case *chatv1.Edit:
		s.needMessage(&n, c.GetSeq())
	case *chatv1.Delete:
		s.needMessage(&n, c.GetSeq())
	case *chatv1.React:
		s.needMessage(&n, c.GetSeq())
	}
	return n
}

func (s *State) needSent(n *Needs, user string, send *chatv1.Send) {
	key := SentKey{User: user, ClientMsgID: send.GetClientMsgId()}
	if send.GetAttempt() != 1 && s.sent.unsure(key) {
		n.Sent = append(n.Sent, key)
	}
}

func (s *State) needMessage(n *Needs, seq uint32) {
	if _, known := s.messages.bySeq[seq]; !known && seq > 0 && seq <= s.Head && seq >= s.Since {
		n.Messages = append(n.Messages, seq)
	}
}

// needPast is what the events of a past need that the room does not have yet.
func (s *State) needPast(n *Needs, c *chatv1.Import) {
	for _, e := range c.GetEvents() {
		if e.GetSeq() > 0 && e.GetSeq() <= s.Head {
			continue
		}
		if p := e.GetMessage(); p != nil {
			if key := (SentKey{User: e.GetUser(), ClientMsgID: e.GetClientMsgId()}); e.GetSeq() == 0 && s.sent.unsure(key) {
				n.Sent = append(n.Sent, key)
			}
			s.needMessage(n, p.GetReplyTo())
			s.needMessage(n, p.GetThread())
			continue
		}
		s.needMessage(n, Subject(e))
	}
}
