package store

import (
	"errors"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
)

// ErrTooSlow says that a search found nothing in the time that it has.
var ErrTooSlow = errors.New("store: the search took too long")

// SearchQuery asks for messages by what they say now. What was deleted, or said
// before an edit, is not found; nor is anything in a deleted room.
type SearchQuery struct {
	Text search.Query
	// User whose rooms are searched: open ones and their own, without those they
	// are banned from. Admin: all rooms.
	User  string
	Admin bool
	// Room, if not empty: only there. From, if not empty: only by that user.
	Room, From string
	// AfterMs and BeforeMs, if not 0: only later, only earlier, in Unix ms.
	AfterMs, BeforeMs int64
	// Older, if not zero: only what stands behind that place.
	Older Place
	// Limit is 1 to 100.
	Limit int
	// Patience is when to stop looking and answer with what there is, or with
	// ErrTooSlow where the store cannot tell a part; above 0.
	Patience time.Duration
}

// Place is where a message stands among all that can be found: the newest is
// first. Places of messages at the same time are in the store's own order,
// which does not change.
type Place struct {
	TimeMs, Tie int64
}

// SearchResults are messages found, the newest first.
type SearchResults struct {
	Hits []Hit
	// Next is behind what was looked at, if there may be more: also where the
	// store ran out of patience with fewer hits than asked for.
	Next *Place
}

// Hit is a message found.
type Hit struct {
	Room    string
	Message *chatv1.Message
	Place   Place
}
