package sqlite

import (
	"sync"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// infosMost bounds how many are kept; each takes about half a KiB.
const infosMost = 20_000

// infos are rooms and how users stand in them, as last read: every page asks
// for that first. All that changes them is applied here, and drops them. Safe for
// concurrent use.
type infos struct {
	mu      sync.Mutex
	changes uint64 // how often something was dropped
	byRoom  map[string]map[string]info
	count   int
}

// info is of one room and user. It is never changed.
type info struct {
	room     *chatv1.Room
	standing store.Standing
}

func newInfos() *infos { return &infos{byRoom: map[string]map[string]info{}} }

// find also tells how many changes there were, for keep.
func (l *infos) find(room, user string) (found info, ok bool, changes uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found, ok = l.byRoom[room][user]
	return found, ok, l.changes
}

// keep takes what was read, unless anything has changed since find told.
func (l *infos) keep(room, user string, read info, changes uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.changes != changes {
		return
	}
	if l.count >= infosMost {
		clear(l.byRoom)
		l.count = 0
	}
	users := l.byRoom[room]
	if users == nil {
		users = map[string]info{}
		l.byRoom[room] = users
	}
	before := len(users)
	users[user] = read.clone()
	l.count += len(users) - before
}

// forget drops rooms that may have changed. To be called once the change can be
// read.
func (l *infos) forget(rooms map[string]*roomRow) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.changes++
	for id := range rooms {
		l.count -= len(l.byRoom[id])
		delete(l.byRoom, id)
	}
}

func (i info) clone() info {
	return info{room: proto.CloneOf(i.room), standing: store.Standing{Member: proto.CloneOf(i.standing.Member), BannedUntil: i.standing.BannedUntil}}
}
