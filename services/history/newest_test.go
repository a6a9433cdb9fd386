package history

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// counted is a store that counts the pages that it is asked for.
type counted struct {
	store.Store
	pages atomic.Int64
}

func (c *counted) Messages(ctx context.Context, q store.Query) (store.Page, error) {
	c.pages.Add(1)
	return c.Store.Messages(ctx, q)
}

// TestTheNewestPageComesFromMemory, as long as nothing happens in the room; and
// whatever happens, it is what the store has, with the reader's own reactions.
func TestTheNewestPageComesFromMemory(t *testing.T) {
	archive := &counted{}
	r := start(t, natstest.Start(t), t.TempDir(), func(s *Service) {
		archive.Store = s.store
		s.store = archive
	})
	messages := historyv1.NewMessagesClient(r.grpc(usersServiceToken))
	var head uint32
	id := 0
	do := func(user string, c *chatv1.Command) {
		id++
		c.Id, c.Actor, c.Room = fmt.Sprint("c", id), by(user), "lobby"
		head = r.must(c).GetSeq()
	}
	say := func(user, text string) {
		do(user, send("", "", user, message(strings.ReplaceAll(text, " ", "-"), text, 1)))
	}
	list := func(user string, limit uint32, before *uint32) *historyv1.MessagesListResponse {
		page, err := messages.List(rpc.AsUser(t.Context(), user), &historyv1.MessagesListRequest{Room: "lobby", Limit: limit, Before: before, MinSeq: head})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	do("ana", create("", "lobby", "ana"))
	do("ben", join("", "", "ben"))
	for n := range 6 {
		say("ana", fmt.Sprint("text ", n)) // 3 to 8
	}
	changes := map[string]func(){
		"nothing":   func() {},
		"a message": func() { say("ben", "one more") },
		"a reply": func() {
			do("ben", send("", "", "ben", &chatv1.Send{ClientMsgId: "reply", Text: "in thread", Thread: proto.Uint32(8)}))
		},
		"an edit": func() {
			do("ana", &chatv1.Command{Change: &chatv1.Command_Edit{Edit: &chatv1.Edit{Seq: 7, Text: "another"}}})
		},
		"a reaction": func() {
			do("ben", &chatv1.Command{Change: &chatv1.Command_React{React: &chatv1.React{Seq: 7, Emoji: "👍"}}})
		},
		"a second": func() {
			do("ana", &chatv1.Command{Change: &chatv1.Command_React{React: &chatv1.React{Seq: 8, Emoji: "👍"}}})
		},
		"a deletion": func() { do("ana", &chatv1.Command{Change: &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: 6}}}) },
		"an erasure": func() { r.erase("ben"); events := r.events("lobby", 0); head = events[len(events)-1].GetSeq() },
		"no reaction": func() {
			do("ben", &chatv1.Command{Change: &chatv1.Command_React{React: &chatv1.React{Seq: 7, Emoji: "👍", Remove: true}}})
		},
	}
	for _, change := range []string{"nothing", "a message", "a reply", "an edit", "a reaction", "a second", "nothing", "no reaction", "a reaction", "a deletion", "an erasure"} {
		changes[change]()
		for _, limit := range []uint32{5, 3, 100} {
			for _, user := range []string{"ana", "ben", "cy"} {
				got := list(user, limit, nil)
				asked := archive.pages.Load()
				again, beyond := list(user, limit, nil), list(user, limit, proto.Uint32(1<<31))
				if n := archive.pages.Load() - asked; n != 0 {
					t.Errorf("%s, %s, %d: the store was asked %d times for what was known", change, user, limit, n)
				}
				want, err := archive.Store.Messages(t.Context(), store.Query{Room: "lobby", Limit: int(limit), User: user})
				if err != nil {
					t.Fatal(err)
				}
				response := &historyv1.MessagesListResponse{Messages: want.Messages, HasBefore: want.HasBefore, HasAfter: want.HasAfter, Head: want.Head}
				if !proto.Equal(got, response) || !proto.Equal(again, response) || !proto.Equal(beyond, response) {
					t.Errorf("%s, %s, %d:\ngot   %v\nagain %v\nthen  %v\nwant  %v", change, user, limit, got, again, beyond, response)
				}
			}
		}
	}
}

// TestNewestPagesAreBounded: the pages that nobody asked for the longest go.
func TestNewestPagesAreBounded(t *testing.T) {
	pages := newNewest(1000)
	at := func(n int) newestAt { return newestAt{room: fmt.Sprint("room", n), epoch: 1, head: 2} }
	for n := range 10 {
		pages.keep(at(n), store.Page{Messages: []*chatv1.Message{{Seq: 2, Text: strings.Repeat("x", 300)}}})
		pages.find(at(0), 1)
	}
	if pages.bytes > 1000 || len(pages.byRoom) != 3 || pages.order.Len() != 3 {
		t.Errorf("%d bytes of %d rooms", pages.bytes, len(pages.byRoom))
	}
	for n, want := range map[int]bool{0: true, 9: true, 8: true, 7: false} {
		if got := pages.find(at(n), 1) != nil; got != want {
			t.Errorf("room %d is in memory: %v", n, got)
		}
	}
	if pages.keep(at(1), store.Page{Messages: []*chatv1.Message{{Seq: 2, Text: strings.Repeat("x", 3000)}}}); pages.bytes != 0 {
		t.Errorf("%d bytes are kept of a page that is too large", pages.bytes)
	}
}

// BenchmarkNewestPage is what a page of 50 takes of history where it is in
// memory: its rights are looked up in the store.
func BenchmarkNewestPage(b *testing.B) {
	r := start(b, natstest.Start(b), b.TempDir())
	r.must(create("c0", "lobby", "ana"))
	var last uint32
	for n := range 60 {
		last = r.must(send(fmt.Sprint("c", n+1), "lobby", "ana", message(fmt.Sprint(n), "a message of about as many letters as people send each other", 1))).GetSeq()
	}
	queries := &messageQueries{service: r.Service}
	list := func(b *testing.B) {
		page, err := queries.List(b.Context(), &historyv1.MessagesListRequest{Room: "lobby", MinSeq: last})
		if err != nil || len(page.GetMessages()) != 50 {
			b.Fatal(len(page.GetMessages()), err)
		}
	}
	b.Run("Plain", func(b *testing.B) {
		for b.Loop() {
			list(b)
		}
	})
	for n := range uint32(50) {
		last = r.must(&chatv1.Command{Id: fmt.Sprint("r", n), Actor: by("ana"), Room: "lobby", Change: &chatv1.Command_React{React: &chatv1.React{Seq: 12 + n, Emoji: "👍"}}}).GetSeq()
	}
	list(b)
	b.Run("EachWithAReactionOfMine", func(b *testing.B) {
		for b.Loop() {
			page, err := r.page(b.Context(), last, store.Query{Room: "lobby", Kind: store.Newest, Limit: 50, User: "ana"})
			if err != nil || len(page.Messages) != 50 || !page.Messages[0].GetReactions()[0].GetMine() {
				b.Fatal(len(page.Messages), err)
			}
		}
	})
}
