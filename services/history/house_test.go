package history

import (
	"fmt"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestWhatWasTakenAwayLeavesTheFilesByItself: what retention trimmed, what its
// author deleted, and what an edit replaced; nobody has to erase anything.
func TestWhatWasTakenAwayLeavesTheFilesByItself(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir, sweeping(time.Now, func(s *Service) { s.tidyEvery = 20 * time.Millisecond }))
	words := []string{"quetzalcoatl", "zarathustra", "nebuchadnezzar"}
	h.must(create("c", "lobby", "ana"))
	for n, word := range append(words, "xylophonist") { // 2 to 5
		id := fmt.Sprint("m", n)
		h.must(send(id, "lobby", "ana", message(id, "here is "+word, 1)))
	}
	natstest.Eventually(t, time.Minute, "all is stored", func() bool { return len(h.kept("lobby")) == 4 })
	for _, word := range words {
		if !filesHave(t, dir, word) {
			t.Errorf("%s is in no file: this test looks in the wrong place", word)
		}
	}
	h.keep("lobby", &chatv1.Retention{Count: 3})
	h.must(&chatv1.Command{Id: "d", Actor: by("ana"), Room: "lobby", Change: &chatv1.Command_Delete{Delete: &chatv1.Delete{Seq: 3}}})
	h.must(edit("e", "lobby", "ana", 4, "another"))
	for _, word := range words {
		natstest.Eventually(t, time.Minute, word+" is in no file of the store", func() bool { return !filesHave(t, dir, word) })
	}
	if !filesHave(t, dir, "xylophonist") {
		t.Error("what stays is in no file")
	}
}
