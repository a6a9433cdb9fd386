package e2e_test

import (
	"os/exec"
	"strings"
	"testing"
)

// TestBlackBox: the tests know natter by its contract. Of its modules they may
// use proto and internal.
func TestBlackBox(t *testing.T) {
	list := exec.Command("go", "list", "-deps", "-test", "-tags", "e2e", "./...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("%s: %v", list, err)
	}
	const natter = "github.com/natter-chat/natter/"
	for line := range strings.Lines(string(out)) {
		path, ours := strings.CutPrefix(strings.Fields(line)[0], natter)
		if ours && !strings.HasPrefix(path, "proto/") && !strings.HasPrefix(path, "services/internal/") && !strings.HasPrefix(path, "services/e2e") {
			t.Errorf("the tests import %s", natter+path)
		}
	}
}
