package history

import (
	"context"
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// maxUnread is where counting stops.
const maxUnread = 100

// counts are a user's unread messages and mentions in a room.
type counts struct {
	unread, mentions uint32
	// whole: nothing more needs to be counted. Else the store is asked about
	// the seqs in (after, to].
	whole     bool
	after, to uint32
}

// unread counts what the memory shows, from the latest event down.
func (e *entry) unread(user string) *counts {
	m := e.state.Members[user]
	if m == nil || e.state.Last.GetSeq() <= m.ReadSeq {
		return &counts{whole: true}
	}
	c := &counts{after: max(m.ReadSeq, e.state.Since-min(e.state.Since, 1))}
	deleted, edited := map[uint32]bool{}, map[uint32]*chatv1.Edited{}
	for i := len(e.recent.events) - 1; i >= 0; i-- {
		event := e.recent.events[i]
		if event.GetSeq() <= c.after {
			break
		}
		if d := event.GetDeleted(); d != nil {
			deleted[d.GetSeq()] = true
		}
		if d := event.GetErased(); d != nil && d.GetUser() == "" {
			for _, seq := range d.GetSeqs() {
				deleted[seq] = true
			}
		}
		if d := event.GetEdited(); d != nil && edited[d.GetSeq()] == nil {
			edited[d.GetSeq()] = d // the last one counts
		}
		if p := event.GetMessage(); p != nil && event.GetUser() != user && event.GetUser() != room.Nobody && !deleted[event.GetSeq()] {
			mentions := p.GetMentions()
			if now := edited[event.GetSeq()]; now != nil {
				mentions = now.GetMentions()
			}
			c.add(slices.Contains(mentions, user))
		}
	}
	first := e.recent.first()
	c.whole = m.ReadSeq >= e.state.Head || first <= c.after+1 || c.mentions >= maxUnread
	c.to = min(first-1, e.state.Head)
	return c
}

func (c *counts) add(mention bool) {
	c.unread = min(c.unread+1, maxUnread)
	if mention {
		c.mentions = min(c.mentions+1, maxUnread)
	}
}

// complete counts the rest in the store.
func (c *counts) complete(ctx context.Context, l library, id, user string) error {
	if c.whole {
		return nil
	}
	unread, mentions, err := l.Unread(ctx, id, user, c.after, c.to)
	c.unread = min(c.unread+uint32(unread), maxUnread)
	c.mentions = min(c.mentions+uint32(mentions), maxUnread)
	return err
}
