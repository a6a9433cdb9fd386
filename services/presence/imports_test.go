package presence

import (
	"os"
	"regexp"
	"testing"
)

// TestImportsGoOneWay: no service imports another.
func TestImportsGoOneWay(t *testing.T) {
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\s+github\.com/natter-chat/natter/(\S+) v`).FindAllSubmatch(mod, -1) {
		if name := string(m[1]); name != "proto" && name != "services/internal" {
			t.Errorf("go.mod requires %s; presence may use only proto and services/internal", name)
		}
	}
}
