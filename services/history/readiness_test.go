package history

import (
	"errors"
	"slices"
	"testing"

	"github.com/natter-chat/natter/services/internal/ops"
)

// TestAnAnnouncementSaysWhatIsWrong: line by line, and nothing of a replica that
// is ready.
func TestAnAnnouncementSaysWhatIsWrong(t *testing.T) {
	broken := []ops.Check{
		{Name: "nats", Ready: func() error { return nil }},
		{Name: "store", Ready: func() error { return errors.New("away,\nfor a while") }},
		{Name: "webhooks", Ready: func() error { return errors.New("not read yet") }},
	}
	want := []string{"store: away, for a while", "webhooks: not read yet"}
	if got := announced(announcement("r1", failing(broken))); !slices.Equal(got, want) {
		t.Errorf("it says %q, want %q", got, want)
	}
	if got := announced(announcement("r1", failing(broken[:1]))); len(got) != 0 {
		t.Errorf("one that is ready says %q", got)
	}
}
