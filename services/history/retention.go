package history

import (
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// retention is how long messages are kept, and how many; 0: for ever, all.
type retention struct {
	age   time.Duration
	count uint32
}

// retention that the settings give every room without one of its own.
func (c Config) retention() retention {
	return retention{age: c.RetentionAge, count: uint32(c.RetentionCount)}
}

// of a room that may have its own.
func (r retention) of(own *chatv1.Retention) retention {
	if own == nil {
		return r
	}
	return retention{age: time.Duration(own.GetAgeSeconds()) * time.Second, count: own.GetCount()}
}

// none tells whether everything is kept for ever.
func (r retention) none() bool { return r == retention{} }

// told is the retention as APIs tell it; a part of a second counts as one.
func (r retention) told() *chatv1.Retention {
	return &chatv1.Retention{AgeSeconds: uint32((r.age + time.Second - 1) / time.Second), Count: r.count}
}
