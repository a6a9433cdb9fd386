package embednats_test

import (
	"testing"

	"github.com/natter-chat/natter/services/internal/embednats"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// TestFollowed: what somebody follows is known as soon as their subscription is,
// and what nobody follows is not published for nothing.
func TestFollowed(t *testing.T) {
	s := start(t, embednats.Config{DataDir: t.TempDir()})
	nc := connect(t, s, natsx.Gateway)
	if s.Followed("chat.evt.lobby") {
		t.Error("nobody follows, and somebody is said to")
	}
	sub, err := nc.SubscribeSync("chat.evt.*")
	if err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if !s.Followed("chat.evt.lobby") {
		t.Error("somebody follows, and nobody is said to")
	}
	if err := sub.Unsubscribe(); err != nil {
		t.Fatal(err)
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if s.Followed("chat.evt.lobby") {
		t.Error("who followed is gone, and is said to follow")
	}
	s.Shutdown()
	if !s.Followed("chat.evt.lobby") {
		t.Error("without a server nobody knows; what is published then may not be left out")
	}
}
