package history

import (
	"sync"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// touched are rooms that may have messages to trim since something was stored
// in them. Safe for concurrent use.
type touched struct {
	retention retention // of rooms without their own

	mu    sync.Mutex
	rooms map[string]store.Kept
}

func newTouched(r retention) *touched {
	return &touched{retention: r, rooms: map[string]store.Kept{}}
}

// event looks at a stored event of a room: what it adds may be one too many,
// and so may be what there was, by a new retention.
func (t *touched) event(s *room.State, e *chatv1.Event) {
	if e.GetMessage() != nil && t.retention.of(s.Retention).count > 0 || e.GetRetentionSet() != nil {
		t.put(store.Kept{Room: s.ID, Head: s.Head, Since: s.Since, Retention: s.Retention})
	}
}

func (t *touched) put(k store.Kept) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if k.Head >= t.rooms[k.Room].Head {
		t.rooms[k.Room] = k
	}
}

// take is all that was touched since the last time.
func (t *touched) take() []store.Kept {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]store.Kept, 0, len(t.rooms))
	for _, k := range t.rooms {
		list = append(list, k)
	}
	clear(t.rooms)
	return list
}
