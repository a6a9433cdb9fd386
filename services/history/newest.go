package history

import (
	"container/list"
	"context"
	"slices"
	"sync"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// newestBytes bounds the pages in memory, by what they take on the wire.
const newestBytes = 16 << 20

// newest are the newest pages of rooms, as the store had them. All that changes
// a message is an event of its room, so a page holds while the room's head does.
// Safe for concurrent use.
type newest struct {
	limit int // bytes

	mu     sync.Mutex
	byRoom map[string]*list.Element
	order  *list.List // of *newestPage, the latest asked for first
	bytes  int
}

// newestPage is read by many, and never changed.
type newestPage struct {
	at newestAt
	// page has nobody's own reactions marked.
	page    store.Page
	reacted []uint32 // seqs of the messages that have reactions
	bytes   int
}

// newestAt is when a room had a page: under an epoch, at a head.
type newestAt struct {
	room  string
	epoch uint64
	head  uint32
}

func newNewest(limit int) *newest {
	return &newest{limit: limit, byRoom: map[string]*list.Element{}, order: list.New()}
}

// find is at most n messages; nil: they are not in memory.
func (l *newest) find(at newestAt, n int) *newestPage {
	l.mu.Lock()
	element := l.byRoom[at.room]
	if element == nil || element.Value.(*newestPage).at != at {
		l.mu.Unlock()
		return nil
	}
	l.order.MoveToFront(element)
	l.mu.Unlock()
	p := element.Value.(*newestPage)
	cut := len(p.page.Messages) - n
	switch {
	case cut < 0 && p.page.HasBefore:
		return nil
	case cut <= 0:
		return p
	}
	first := p.page.Messages[cut].GetSeq()
	return &newestPage{
		page:    store.Page{Messages: p.page.Messages[cut:], HasBefore: true, Head: p.page.Head},
		reacted: slices.DeleteFunc(slices.Clone(p.reacted), func(seq uint32) bool { return seq < first }),
	}
}

// keep a page that was read after the room was seen at `at`.
func (l *newest) keep(at newestAt, page store.Page) *newestPage {
	p := &newestPage{at: at, page: page}
	for _, m := range page.Messages {
		p.bytes += proto.Size(m)
		if len(m.GetReactions()) > 0 {
			p.reacted = append(p.reacted, m.GetSeq())
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(l.byRoom[at.room])
	l.byRoom[at.room] = l.order.PushFront(p)
	l.bytes += p.bytes
	for l.bytes > l.limit {
		l.drop(l.order.Back())
	}
	return p
}

func (l *newest) drop(element *list.Element) {
	if element == nil {
		return
	}
	p := l.order.Remove(element).(*newestPage)
	delete(l.byRoom, p.at.room)
	l.bytes -= p.bytes
}

// page is one of a room that was just seen at a head: from memory, if it is the
// newest and nothing has happened in the room since it was read.
func (s *Service) page(ctx context.Context, head uint32, q store.Query) (store.Page, error) {
	if q.Thread != 0 || q.Kind != store.Newest && (q.Kind != store.Before || q.Seq <= head) {
		return s.store.Messages(ctx, q)
	}
	at := newestAt{room: q.Room, epoch: s.epoch.Load(), head: head}
	p := s.newest.find(at, q.Limit)
	if p == nil {
		page, err := s.store.Messages(ctx, store.Query{Room: q.Room, Kind: store.Newest, Limit: q.Limit})
		if err != nil {
			return store.Page{}, err
		}
		p = s.newest.keep(at, page)
	}
	return s.marked(ctx, p, q)
}

// marked is a page with the asker's own reactions marked in it.
func (s *Service) marked(ctx context.Context, p *newestPage, q store.Query) (store.Page, error) {
	page := p.page
	if len(p.reacted) == 0 || q.User == "" {
		return page, nil
	}
	mine, err := s.store.Mine(ctx, q.Room, q.User, p.reacted)
	if len(mine) == 0 || err != nil {
		return page, err
	}
	page.Messages = slices.Clone(page.Messages)
	for i, m := range page.Messages {
		if emojis := mine[m.GetSeq()]; len(emojis) > 0 {
			page.Messages[i] = withMine(m, emojis)
		}
	}
	return page, nil
}

func withMine(m *chatv1.Message, emojis []string) *chatv1.Message {
	m = proto.CloneOf(m)
	for _, r := range m.GetReactions() {
		r.Mine = slices.Contains(emojis, r.GetEmoji())
	}
	return m
}
