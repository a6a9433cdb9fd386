package room

import (
	"crypto/sha256"
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// SentKey names a message by what its author's client called it.
type SentKey struct {
	User        string
	ClientMsgID string
}

// Sent is what became of a clientMsgId.
type Sent struct {
	Seq    uint32
	TimeMs int64
	// Body tells one message's content from another's.
	Body Body
}

// Body is a digest of what a message said when it was posted.
type Body [16]byte

// BodyOf digests a posted message: SHA-256 over its text, attributes, reply and
// thread, cut to 128 bits. It outlives edits, and is kept in the store.
func BodyOf(p *chatv1.Posted) Body {
	h := sha256.New()
	var n [8]byte
	write := func(b []byte) {
		binary.LittleEndian.PutUint64(n[:], uint64(len(b)))
		h.Write(n[:])
		h.Write(b)
	}
	write([]byte(p.GetText()))
	if p.GetData() != nil {
		data, _ := proto.MarshalOptions{Deterministic: true}.Marshal(p.GetData())
		write(data)
	}
	binary.LittleEndian.PutUint32(n[:4], p.GetReplyTo())
	binary.LittleEndian.PutUint32(n[4:], p.GetThread())
	h.Write(n[:])
	var sum [sha256.Size]byte
	var body Body
	copy(body[:], h.Sum(sum[:0]))
	return body
}

// sentIDs are the ids of a room's latest messages, oldest first.
type sentIDs struct {
	byKey map[SentKey]Sent
	order []SentKey
	// whole: the state has seen the room from its first event, and forgot none.
	// What is not here was never sent, and nobody needs to be asked.
	whole bool
}

// unsure tells whether an id that is not here may be in the store.
func (s *sentIDs) unsure(key SentKey) bool {
	_, known := s.byKey[key]
	return !known && !s.whole
}

func (s *sentIDs) add(key SentKey, sent Sent) {
	if s.byKey == nil {
		s.byKey = map[SentKey]Sent{}
	}
	if _, known := s.byKey[key]; !known {
		s.order = append(s.order, key)
	}
	s.byKey[key] = sent
}

// Sent is what the state remembers of an id.
func (s *State) Sent(key SentKey) (Sent, bool) {
	sent, ok := s.sent.byKey[key]
	return sent, ok
}

// Forget drops the oldest ids over keep, but none of a message after stored:
// those are nowhere else yet. It drops messages known longest, over keep, too.
func (s *State) Forget(keep int, stored uint32) {
	s.messages.forget(keep)
	n := 0
	for len(s.sent.order)-n > keep && s.sent.byKey[s.sent.order[n]].Seq <= stored {
		delete(s.sent.byKey, s.sent.order[n])
		n++
	}
	if n > 0 {
		s.sent.whole = false
		s.sent.order = append(s.sent.order[:0:0], s.sent.order[n:]...)
	}
}
