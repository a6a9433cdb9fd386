package e2e_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestChecklist: each line of the list of attacks names tests, and they exist.
func TestChecklist(t *testing.T) {
	page, err := os.ReadFile("../gateway/SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	known := testNames(t)
	quoted := regexp.MustCompile("`([^`]+)`")
	lines := strings.Split(string(page), "\n- ")[1:]
	for _, line := range lines {
		what, by, held := strings.Cut(line, "\n  Held by: ")
		title, _, _ := strings.Cut(what, "\n")
		if !held {
			if !strings.Contains(what, "Does not apply yet: ") {
				t.Errorf("no test holds: %s", title)
			}
			continue
		}
		by, _, _ = strings.Cut(by, "\n")
		names := quoted.FindAllStringSubmatch(by, -1)
		if len(names) == 0 {
			t.Errorf("no test holds: %s", title)
		}
		for _, name := range names {
			if !known[name[1]] {
				t.Errorf("there is no test %s, which is to hold: %s", name[1], title)
			}
		}
	}
	if len(lines) < 30 {
		t.Errorf("the list has %d lines", len(lines))
	}
}

// testNames are those of all tests in the tree, of Go and of the page.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	inGo := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w*)\((?:t \*testing\.T|f \*testing\.F)\)`)
	inPage := regexp.MustCompile(`(?m)^test\('([^']+)'`)
	known := map[string]bool{}
	for _, root := range []string{"..", "../../proto"} {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			pattern := inGo
			switch {
			case entry.IsDir():
				return nil
			case strings.HasSuffix(path, ".test.mjs"):
				pattern = inPage
			case !strings.HasSuffix(path, "_test.go"):
				return nil
			}
			source, err := os.ReadFile(path)
			for _, name := range pattern.FindAllSubmatch(source, -1) {
				known[string(name[1])] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return known
}
