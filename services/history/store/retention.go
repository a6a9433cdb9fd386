package store

import (
	"context"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// Retainer tells what may be trimmed. Both methods are safe for concurrent use.
type Retainer interface {
	// Kept are rooms with an id above `after`, by id, closed ones too; own: only
	// those that have a retention of their own.
	Kept(ctx context.Context, after string, own bool, limit int) ([]Kept, error)
	// Due are a room's oldest messages that are over a bound; none of a room that
	// is not there.
	Due(ctx context.Context, q DueQuery) (Due, error)
}

// Kept is what a room keeps of its messages.
type Kept struct {
	Room string
	// Head is the seq of its last event, and Since the one before which the
	// messages were trimmed.
	Head, Since uint32
	// Retention is the room's own; nil: it has none.
	Retention *chatv1.Retention
}

// DueQuery asks for messages that are too old or too many.
type DueQuery struct {
	Room string
	// Since: messages with a smaller seq are not looked at.
	Since uint32
	// Count of the newest that are kept; 0: all.
	Count uint32
	// BeforeMs: what is older is due; Unix ms; 0: nothing is too old.
	BeforeMs int64
	// Limit is the most messages to tell of, above 0.
	Limit int
}

// Due is a stretch of messages at a room's beginning.
type Due struct {
	// Before is the seq after the last of them; 0: there are none.
	Before   uint32
	Messages int
	// More are due after those.
	More bool
	// OldestMs is when the first message was sent that is not due, Unix ms; 0:
	// all are, or there is none.
	OldestMs int64
	// Head is the room's, as the store has it.
	Head uint32
}
