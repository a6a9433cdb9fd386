package history

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// unreadable is a library that does not count.
type unreadable struct{ library }

func (unreadable) Unread(context.Context, string, string, uint32, uint32) (int, int, error) {
	return 0, 0, errAway
}

// TestResumeWithoutTheStore: who comes back misses a few events, which are in
// memory, and has read so little that the memory does not count it all. The
// store, which would, is away: the resume goes on.
func TestResumeWithoutTheStore(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir(), func(s *Service) { s.loader = newLoader(unreadable{s.store}) })
	h.must(create("c", "lobby", "ana"))
	h.must(join("j", "lobby", "bo"))
	const sends = 2*recentEvents + 100
	h.sendMany("lobby", "m", sends)
	ask := &chatv1.Ask_Views{Views: &chatv1.AskViews{User: "bo", Rooms: []*chatv1.RoomPosition{{Room: "lobby", After: proto.Uint32(sends - 3)}}}}
	view := h.ask("lobby", &chatv1.Ask{Question: ask}).GetViews().GetViews()[0]
	if len(view.GetEvents()) != 5 || view.GetView().GetUnread() != maxUnread {
		t.Errorf("%d events, %d unread, %s", len(view.GetEvents()), view.GetView().GetUnread(), fmt.Sprint(view.GetRefusal()))
	}
}
