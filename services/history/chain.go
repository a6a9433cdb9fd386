package history

import (
	"bytes"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// chain is how far a log has been followed: the stream sequence last looked
// at, and the id of the last record that counts.
type chain struct {
	sequence uint64
	record   []byte
}

// take looks at what stands at the next sequence, and tells whether it counts:
// it names the sequence it stands at and the record before it. Whatever else
// stands there is void, and stepped over.
func (c *chain) take(r *chatv1.LogRecord) bool {
	c.sequence++
	if !c.follows(r) {
		return false
	}
	c.record = r.GetId()
	return true
}

func (c *chain) follows(r *chatv1.LogRecord) bool {
	return r != nil && len(r.GetId()) > 0 && r.GetSequence() == c.sequence && bytes.Equal(r.GetPrevious(), c.record)
}
