package gateway

import (
	"context"
	"maps"
	"reflect"
	"testing"
	"time"

	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/gateway/gatewaytest"
)

// changedPages has something changed in every page of history's.
type changedPages struct {
	historyv1.MessagesClient
	change func(*historyv1.MessagesListResponse)
}

func (c *changedPages) List(ctx context.Context, in *historyv1.MessagesListRequest, options ...grpc.CallOption) (*historyv1.MessagesListResponse, error) {
	page, err := c.MessagesClient.List(ctx, in, options...)
	if err == nil {
		c.change(page)
	}
	return page, err
}

// TestTheNewestPageIsKept for all who sit in the room, until something happens
// there.
func TestTheNewestPageIsKept(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PRIVATE, "ana", "ben")
	r.town.Post("ana", "lobby", "1", "first")
	r.town.Post("ana", "lobby", "2", "second")
	ana, _ := r.hello(t, "ana")
	ben, _ := r.hello(t, "ben")
	page := func(c *client, more object) object {
		t.Helper()
		ask := object{"room": "lobby", "limit": 50}
		maps.Copy(ask, more)
		got := c.must("page", "messages", ask)
		delete(got, "re")
		return got
	}
	asked := func(want int, what string) {
		t.Helper()
		if got := r.town.Asked().Pages; got != want {
			t.Fatalf("%s: history was asked %d times, want %d", what, got, want)
		}
	}
	first := page(ana, nil)
	asked(1, "the first")
	for range 2 {
		if again := page(ben, nil); !reflect.DeepEqual(first, again) {
			t.Errorf("ben got %v, ana %v", again, first)
		}
	}
	asked(1, "the same")
	page(ben, object{"before": 3})
	asked(2, "an older one")
	if got := page(ben, object{"limit": 1}); len(got["messages"].([]any)) != 1 {
		t.Errorf("a page of one: %v", got)
	}
	asked(3, "a shorter one")
	page(ana, object{"limit": 1})
	asked(3, "the shorter one again")

	stranger, _ := r.hello(t, "eve")
	stranger.refused("NOT_FOUND", "messages", object{"room": "lobby", "limit": 1})

	head := r.town.Post("ana", "lobby", "3", "third")
	ana.event(int(head))
	ben.event(int(head))
	if got := page(ben, object{"limit": 1})["messages"].([]any); got[0].(object)["text"] != "third" {
		t.Errorf("after an event: %v", got)
	}
	asked(4, "after an event")
	r.town.Do("ana", "lobby", &chatv1.Command{Change: &chatv1.Command_Kick{Kick: &chatv1.Kick{User: "ben"}}})
	ben.event(int(head) + 1)
	ben.expect("gone")
	page(ana, object{"limit": 1})
	asked(5, "after a removal")
	ben.refused("NOT_FOUND", "messages", object{"room": "lobby", "limit": 1})
}

// TestAKeptPageIsNotGiven where it may be older than what is known, or is not
// the asker's.
func TestAKeptPageIsNotGiven(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*historyv1.MessagesListResponse)
		spoil  func(t *testing.T, r *rig, f *feed, c *client)
	}{
		"the asker has an ack of something newer": {spoil: func(t *testing.T, r *rig, _ *feed, c *client) {
			r.town.Set(gatewaytest.Faults{SilentHeads: true, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
			c.must("ack", "send", object{"room": "lobby", "clientMsgId": "x", "text": "new"})
		}},
		"the asker has an ack of a change": {spoil: func(t *testing.T, r *rig, _ *feed, c *client) {
			r.town.Set(gatewaytest.Faults{SilentHeads: true, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
			c.must("ack", "kick", object{"room": "lobby", "user": "ben"})
		}},
		"a list of rooms told of something newer": {spoil: func(t *testing.T, r *rig, _ *feed, c *client) {
			r.town.Set(gatewaytest.Faults{SilentHeads: true, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
			r.town.Post("ben", "lobby", "x", "new")
			c.must("roomList", "rooms", object{})
		}},
		"another page told of something newer": {spoil: func(t *testing.T, r *rig, _ *feed, c *client) {
			r.town.Set(gatewaytest.Faults{SilentHeads: true, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
			r.town.Post("ben", "lobby", "x", "new")
			c.must("page", "messages", object{"room": "lobby", "limit": 50, "before": 100})
		}},
		"something found is newer": {spoil: func(t *testing.T, r *rig, _ *feed, c *client) {
			r.town.Set(gatewaytest.Faults{SilentHeads: true, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
			r.town.Post("ben", "lobby", "x", "new")
			c.must("results", "search", object{"room": "lobby", "query": "new"})
		}},
		"the owner told of something newer": {spoil: func(t *testing.T, r *rig, f *feed, c *client) {
			r.town.Set(gatewaytest.Faults{SilentHeads: true, Question: func(*chatv1.Ask) bool { return false }, Events: func(*chatv1.RoomEvents) []*chatv1.RoomEvents { return nil }})
			f.head(r.town.Post("ben", "lobby", "x", "new"), time.Now(), false)
		}},
		"the partition is silent": {spoil: func(t *testing.T, r *rig, f *feed, _ *client) {
			r.town.Set(gatewaytest.Faults{SilentHeads: true})
			r.heads.mu.Lock()
			defer r.heads.mu.Unlock()
			r.heads.heard[r.deployment.partition(f.room)] = time.Now().Add(-recently)
		}},
		"the partition is being asked for what was lost": {spoil: func(t *testing.T, r *rig, f *feed, _ *client) {
			r.heads.mu.Lock()
			defer r.heads.mu.Unlock()
			r.heads.checks[r.deployment.partition(f.room)].underWay = true
		}},
		"the asker's seat is behind the feed": {spoil: func(t *testing.T, r *rig, f *feed, _ *client) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.seats[0].from = paused
		}},
		"nobody asked for a while": {spoil: func(t *testing.T, r *rig, f *feed, _ *client) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.fade(time.Now().Add(keptFor))
		}},
		"it has reactions": {change: func(p *historyv1.MessagesListResponse) {
			p.GetMessages()[0].Reactions = []*chatv1.Reaction{{Emoji: "+", Count: 1, Mine: true}}
		}},
		"it shows what the feed does not have": {change: func(p *historyv1.MessagesListResponse) { p.Head++ }},
		"it is not known what it shows":        {change: func(p *historyv1.MessagesListResponse) { p.Head = 0 }},
		"it is older than the feed":            {change: func(p *historyv1.MessagesListResponse) { p.Head-- }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t, func(cfg *Config) { cfg.FeedLinger = time.Hour })
			if c.change != nil {
				r.messages = &changedPages{r.messages, c.change}
			}
			r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC, "ana", "ben")
			r.town.Post("ana", "lobby", "1", "first")
			ana, _ := r.hello(t, "ana")
			ask := func() (asked int) {
				before := r.town.Asked().Pages
				page := ana.must("page", "messages", object{"room": "lobby", "limit": 50})
				if got := len(page["messages"].([]any)); got < 1 {
					t.Fatalf("the page is %v", page)
				}
				return r.town.Asked().Pages - before
			}
			ask()
			if c.spoil != nil {
				if ask() != 0 {
					t.Fatal("the page was not kept")
				}
				c.spoil(t, r, r.feeds.get("lobby"), ana)
			}
			if ask() != 1 {
				t.Error("the page came from what was kept")
			}
		})
	}
}

// TestWhatIsKeptIsCounted, and is given back with the page.
func TestWhatIsKeptIsCounted(t *testing.T) {
	r := start(t)
	for _, room := range []string{"a", "b"} {
		r.town.Create("ana", room, chatv1.RoomKind_PUBLIC, "ana")
		r.town.Post("ana", room, "1", "first")
	}
	ana, _ := r.hello(t, "ana")
	keep := func(room string) { ana.must("page", "messages", object{"room": room, "limit": 50}) }
	keep("a")
	one := r.kept.bytes.Load()
	keep("b")
	if both := r.kept.bytes.Load(); one == 0 || both != 2*one {
		t.Fatalf("one page takes %d bytes, two %d", one, both)
	}
	r.town.Post("ana", "a", "2", "second")
	ana.event(3)
	if got := r.kept.bytes.Load(); got != one {
		t.Errorf("after an event %d bytes are kept, want %d", got, one)
	}
	r.feeds.reset()
	if got := r.kept.bytes.Load(); got != 0 {
		t.Errorf("without feeds %d bytes are kept", got)
	}
	if !r.kept.take(keptBytes) || r.kept.take(1) {
		t.Error("the bound does not hold")
	}
}
