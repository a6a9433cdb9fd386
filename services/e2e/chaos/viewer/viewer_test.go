package viewer_test

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
	"github.com/natter-chat/natter/services/e2e/chaos/viewer"
)

// TestPage: the page needs nothing from elsewhere, shows what was found, and
// what people wrote cannot end its script.
func TestPage(t *testing.T) {
	var page bytes.Buffer
	err := viewer.Render(&page, []history.Entry{{Kind: history.Opened, Conn: 1, User: "ana"}}, []checker.Violation{
		{Rule: "lost", Room: "den", User: "ana", Conn: 1, Text: `</script><b id="planted">`},
	})
	if err != nil {
		t.Fatal(err)
	}
	text := page.String()
	if strings.Contains(text, `id="planted"`) || strings.Count(text, "</script>") != strings.Count(text, "<script") {
		t.Error("what was written became part of the page")
	}
	if found := regexp.MustCompile(`(?i)(src|href)\s*=\s*["']?(https?:)?//|@import|fetch\(`).FindString(text); found != "" {
		t.Errorf("the page asks elsewhere: %q", found)
	}
	for _, want := range []string{`"lost: room`, `"ana"`, "planted"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
}
