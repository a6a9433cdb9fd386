package history

import (
	"context"
	"hash/maphash"
	"log/slog"
	"sync/atomic"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

const (
	strangerMarks = 1 << 22 // bits: half a MiB, in which 400,000 users leave 99 of 100 strangers certain
	marksPerUser  = 4
	usersAtOnce   = 10_000
)

// strangers is a store that nobody else writes, and that knows without being
// asked of most users who are in no room that they are in none: guests, watchers,
// and whoever comes for the first time. Whoever is put into a room is marked (a
// Bloom filter) before anybody is told of it, also while the store takes nothing,
// and marks stay. So one whose marks are not all there is in no room; of others the
// store is asked.
type strangers struct {
	store.Store
	everybody func(ctx context.Context, after string, limit int) ([]string, error)
	seed      maphash.Seed
	marks     []atomic.Uint64
	whole     atomic.Bool // all whom the store had at the start are marked
}

func newStrangers(s store.Store, everybody func(ctx context.Context, after string, limit int) ([]string, error)) *strangers {
	return &strangers{Store: s, everybody: everybody, seed: maphash.MakeSeed(), marks: make([]atomic.Uint64, strangerMarks/64)}
}

// learn marks all whom the store had at the start.
func (s *strangers) learn(ctx context.Context, log *slog.Logger) {
	after := ""
	for try := 0; ; {
		users, err := s.everybody(ctx, after, usersAtOnce)
		if err != nil {
			if ctx.Err() == nil {
				log.Warn("who is in a room could not be read, trying again", "error", err)
			}
			if try++; pause(ctx, try+3) != nil {
				return
			}
			continue
		}
		for _, user := range users {
			s.mark(user)
		}
		if len(users) < usersAtOnce {
			s.whole.Store(true)
			return
		}
		after, try = users[len(users)-1], 0
	}
}

// Apply implements store.Store.
func (s *strangers) Apply(ctx context.Context, partition int, from, to store.Position, records []*chatv1.LogRecord) error {
	for _, r := range records {
		s.record(r)
	}
	return s.Store.Apply(ctx, partition, from, to, records)
}

// record marks those whom a record of the log puts into rooms. A nil one marks
// nobody.
func (s *strangers) record(r *chatv1.LogRecord) {
	if s == nil {
		return
	}
	for _, e := range r.GetEvents() {
		for _, m := range membershipsOf(e) {
			if m.GetMember() {
				s.mark(m.GetUser())
			}
		}
	}
}

// certain tells whether a user is in no room for certain. A nil one never is.
func (s *strangers) certain(user string) bool {
	if s == nil || !s.whole.Load() {
		return false
	}
	for i := range s.places(user) {
		if s.marks[i/64].Load()&(1<<(i%64)) == 0 {
			return true
		}
	}
	return false
}

func (s *strangers) mark(user string) {
	for i := range s.places(user) {
		s.marks[i/64].Or(1 << (i % 64))
	}
}

// places are the bits of a user.
func (s *strangers) places(user string) func(yield func(uint64) bool) {
	return func(yield func(uint64) bool) {
		h := maphash.String(s.seed, user)
		for i, step := 0, h>>32|1; i < marksPerUser && yield(h%strangerMarks); i++ {
			h += step
		}
	}
}
