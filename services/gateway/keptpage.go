package gateway

import (
	"slices"
	"sync/atomic"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

const (
	// keptBytes bounds the pages that a gateway keeps. What would be more is asked
	// of history, until others are dropped.
	keptBytes = 32 << 20
	// keptFor is how long a page is kept that nobody asks for.
	keptFor = time.Minute
)

// keptPage is a room's newest page, ready to be written. Who opens a room, or
// comes back to it, asks for that first, and while nothing happens there the
// answer to all is the same.
//
// It is never stale, nor shown to who may not see it: all that changes a page
// is an event of the room, history names the event up to which it is one, and
// it is given only while the feed's last event is that one, to those who sit in
// the feed. So it shows them nothing but what they got, or could have had, up
// to there. Whatever tells the feed of a later event (heads, acks, other
// answers) keeps it from being given, and so does a partition that is silent.
// A page with reactions is nobody else's: it tells which of them are the asker's.
type keptPage struct {
	head   uint32 // the room's last event that it shows
	limit  uint32 // as it was asked for
	asked  time.Time
	bodies [frame.Formats][]byte // without the number of a request; nil: not kept
}

// keptPages counts the bytes of those of all feeds. Safe for concurrent use.
type keptPages struct{ bytes atomic.Int64 }

// take tells whether so many bytes may be kept more.
func (k *keptPages) take(n int) bool {
	if k.bytes.Add(int64(n)) <= keptBytes {
		return true
	}
	k.bytes.Add(-int64(n))
	return false
}

// keep takes a page that shows the room up to head.
func (f *feed) keep(format int, limit, head uint32, body []byte, now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || !f.started || head < f.last {
		return
	}
	if k := f.kept; k == nil || k.head != head || k.limit != limit {
		f.unkeep()
		f.kept = &keptPage{head: head, limit: limit, asked: now}
	}
	if f.kept.bodies[format] == nil && f.gateway.kept.take(len(body)) {
		f.kept.bodies[format] = body
	}
}

// unkeep drops the page. The feed is locked.
func (f *feed) unkeep() {
	if f.kept == nil {
		return
	}
	for _, body := range f.kept.bodies {
		f.gateway.kept.bytes.Add(-int64(len(body)))
	}
	f.kept = nil
}

// fade drops a page that nobody asks for. The feed is locked.
func (f *feed) fade(now time.Time) {
	if f.kept != nil && now.Sub(f.kept.asked) >= keptFor {
		f.unkeep()
	}
}

// given is the page for one who sits here; nil: history has to be asked. The feed
// is locked, and stays so until the page is in the outbox: what comes later is
// behind it there.
func (f *feed) given(s *seat, limit uint32, now time.Time) []byte {
	k := f.kept
	switch {
	case k == nil || k.limit != limit || f.closed:
	case s.index < 0 || s.from == paused: // it has left, or does not have yet what the feed has
	case f.last != k.head || f.last < f.repair.target || f.last < f.told.Load():
	case !f.gateway.nc.IsConnected() || !f.gateway.heads.current(f.gateway.deployment.partition(f.room), now):
	default:
		k.asked = now
		return k.bodies[s.session.codec.Format()]
	}
	return nil
}

// told notes that the client knows of an event of a room: what it is given
// from then on must not be older.
func (s *session) told(room string, seq uint32) {
	if seat := s.seatOf(room); seat != nil && seq > 0 {
		for known := seat.feed.told.Load(); known < seq && !seat.feed.told.CompareAndSwap(known, seq); {
			known = seat.feed.told.Load()
		}
	}
}

// newest tells whether a request is for a room's newest page.
func newest(r *clientv1.ClientFrame_Messages) bool {
	return r.Before == nil && r.After == nil && r.Around == nil && r.Thread == nil
}

// giveKept answers with a page that is kept, if there is one, and tells whether
// there was.
func (s *session) giveKept(re uint32, r *clientv1.ClientFrame_Messages) bool {
	if re == 0 || !newest(r) {
		return false
	}
	s.mu.Lock()
	seat := s.find(func(seat *seat) bool { return seat.feed.room == r.GetRoom() })
	busy := s.asking >= askingAtOnce
	s.mu.Unlock()
	if seat == nil || busy {
		return false
	}
	cfg := s.gateway.cfg
	if !s.limits.kept.take(cfg.RequestsPerSecond, cfg.RequestsBurst, nil) {
		return false
	}
	asked := time.Now()
	seat.feed.mu.Lock()
	body := seat.feed.given(seat, r.GetLimit(), asked)
	if body == nil {
		seat.feed.mu.Unlock()
		return false
	}
	owes := s.putPage(re, body)
	seat.feed.mu.Unlock()
	span := s.traced("messages", "")
	if owes {
		s.out().flush()
	}
	s.gateway.metrics.took("messages", chatv1.ErrorCode_ERROR_CODE_UNSPECIFIED, asked)
	span.End()
	return true
}

// give answers with the page of a body.
func (s *session) give(re uint32, body []byte) {
	if s.putPage(re, body) {
		s.out().flush()
	}
}

// putPage puts a page into the outbox, and tells whether a flush is owed.
func (s *session) putPage(re uint32, body []byte) (owes bool) {
	s.gateway.metrics.answers.WithLabelValues("page").Inc()
	b := s.gateway.buffers.take()
	defer s.gateway.buffers.free(b)
	b.bytes = frame.AppendNumbered(b.bytes, s.codec, re, body)
	return s.out().put(b.bytes, durable) == owed
}

// keep has a page kept that is the same to all, and is its body; nil: it is not.
func (s *session) keep(seat *seat, limit uint32, page *historyv1.MessagesListResponse, answer *clientv1.ServerFrame) []byte {
	if seat == nil || page.GetHead() == 0 || slices.ContainsFunc(page.GetMessages(), reacted) {
		return nil
	}
	body := s.codec.Append(nil, answer)
	seat.feed.keep(s.codec.Format(), limit, page.GetHead(), body, time.Now())
	return body
}

func reacted(m *chatv1.Message) bool { return len(m.GetReactions()) > 0 }
