package e2e_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/build"
)

const guide = "../../deploy/README.md"

// TestGuideSettings holds the operations guide's table against what the
// programs say of themselves: the same settings, for the same services, with the
// same defaults.
func TestGuideSettings(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(NATTER_[A-Z_]+)` \\| ([a-z, ]+) \\| (?:`([^`]*)`)? *\\|").FindAllStringSubmatch(string(content), -1) {
		written[row[1]] = row[2] + " | " + row[3]
	}
	said := map[string]string{}
	for _, p := range []build.Program{build.Gateway(), build.History(), build.Presence()} {
		printed := runOnce(t, p, nil, "--print-config")
		if printed.code != 0 {
			t.Fatalf("%s --print-config ends with %d: %s", p.Name, printed.code, printed.stderr)
		}
		for line := range strings.Lines(printed.stdout) {
			name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
			value = strings.TrimPrefix(value, "(unset)")
			if before, there := said[name]; there {
				services, _, _ := strings.Cut(before, " | ")
				said[name] = fmt.Sprintf("%s, %s | %s", services, p.Name, value)
			} else {
				said[name] = p.Name + " | " + value
			}
		}
	}
	for name, row := range said {
		if written[name] != row {
			t.Errorf("%s: the programs say %q, the guide %q", name, row, written[name])
		}
	}
	for name := range written {
		if _, there := said[name]; !there {
			t.Errorf("the guide has %s, which no service has", name)
		}
	}
}
