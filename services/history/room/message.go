package room

import (
	"crypto/sha256"
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Message is what decisions need to know of a message.
type Message struct {
	// User who sent it.
	User string
	// Deleted is the seq of the event that deleted it; 0: it is there.
	Deleted uint32
	// Text is a digest of the text as it is now, and Changed the seq of the
	// event that made it so.
	Text    TextDigest
	Changed uint32
	// Reactions are the seqs of the events that added them, by emoji and user.
	Reactions map[string]map[string]uint32
}

// TextDigest tells one text from another: SHA-256, cut to 128 bits.
type TextDigest [16]byte

// DigestOf digests a text.
func DigestOf(text string) TextDigest {
	sum := sha256.Sum256([]byte(text))
	return TextDigest(sum[:16])
}

// apply folds an event that concerns the message.
func (m *Message) apply(e *chatv1.Event) {
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Edited:
		m.Text, m.Changed = DigestOf(c.Edited.GetText()), e.GetSeq()
	case *chatv1.Event_Deleted:
		m.Deleted, m.Reactions = e.GetSeq(), nil
	case *chatv1.Event_Reacted:
		m.react(c.Reacted, e)
	}
}

func (m *Message) react(r *chatv1.Reacted, e *chatv1.Event) {
	if r.GetEmoji() == "" {
		return // erased
	}
	users := m.Reactions[r.GetEmoji()]
	if r.GetRemoved() {
		delete(users, e.GetUser())
		if len(users) == 0 {
			delete(m.Reactions, r.GetEmoji())
		}
		return
	}
	if m.Reactions == nil {
		m.Reactions = map[string]map[string]uint32{}
	}
	if users == nil {
		users = map[string]uint32{}
		m.Reactions[r.GetEmoji()] = users
	}
	users[e.GetUser()] = e.GetSeq()
}

// Subject is the seq of the message that an event is about: the one that it
// posts, or changes; 0 where it is about none.
func Subject(e *chatv1.Event) uint32 {
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Message:
		return e.GetSeq()
	case *chatv1.Event_Edited:
		return c.Edited.GetSeq()
	case *chatv1.Event_Deleted:
		return c.Deleted.GetSeq()
	case *chatv1.Event_Reacted:
		return c.Reacted.GetSeq()
	}
	return 0
}

// messages are those that the state knows, by seq, the first known first.
type messages struct {
	bySeq map[uint32]*Message
	order []uint32
}

// Message is a message that the state knows.
func (s *State) Message(seq uint32) (*Message, bool) {
	m, ok := s.messages.bySeq[seq]
	return m, ok
}

// Learn makes a message known that the store told of; what the state knows
// already is newer. A nil message says that there is none with that seq.
func (s *State) Learn(seq uint32, m *Message) {
	if _, known := s.messages.bySeq[seq]; !known && seq >= s.Since {
		s.messages.add(seq, m)
	}
}

// Followed is a message as the store told of it (nil: it has none), brought up
// to date by the room's latest events, in order. Events that the store had
// already do no harm.
func Followed(seq uint32, m *Message, events []*chatv1.Event) *Message {
	for _, e := range events {
		switch {
		case seq < TrimmedBy(e):
			m = nil
		case e.GetErased() != nil:
			if m != nil && slices.Contains(e.GetErased().GetSeqs(), seq) {
				m.erase(e, e.GetErased())
			}
		case Subject(e) != seq:
		case e.GetMessage() != nil:
			m = posted(e)
		case m != nil:
			m.apply(e)
		}
	}
	return m
}

func posted(e *chatv1.Event) *Message {
	return &Message{User: e.GetUser(), Text: DigestOf(e.GetMessage().GetText()), Changed: e.GetSeq()}
}

func (m *messages) add(seq uint32, message *Message) {
	if m.bySeq == nil {
		m.bySeq = map[uint32]*Message{}
	}
	m.bySeq[seq] = message
	m.order = append(m.order, seq)
}

// noteMessage folds an event into what the state knows of messages.
func (s *State) noteMessage(e *chatv1.Event) {
	if e.GetMessage() != nil {
		s.messages.add(e.GetSeq(), posted(e))
		return
	}
	if m := s.messages.bySeq[Subject(e)]; m != nil {
		m.apply(e)
	}
}

// forget drops the messages known longest, over keep. What the store does not
// have of them comes back with the log's tail when they are learnt again.
func (m *messages) forget(keep int) {
	n := len(m.order) - keep
	if n <= 0 {
		return
	}
	for _, seq := range m.order[:n] {
		delete(m.bySeq, seq)
	}
	m.order = append(m.order[:0:0], m.order[n:]...)
}
