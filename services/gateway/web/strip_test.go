package web

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"
)

func TestStrip(t *testing.T) {
	const script = "// What\nlet a = 1; // why\n\n/**\n * Of b.\n */\n  /** @type {number} */ b = 2;\n  /* c\n  d */ e()\nf('//', '/*');\n"
	const want = "\nlet a = 1; // why\n\n\n\n\nb = 2;\n\ne()\nf('//', '/*');\n"
	if got := string(strip("page/a.js", []byte(script))); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for name, text := range map[string]string{"page/a.css": "//a { }\n", "a.html": "/* a */\n", "sdk/a.js": "// a\n"} {
		if got := string(strip(name, []byte(text))); got != text {
			t.Errorf("%s: %q", name, got)
		}
	}
	err := fs.WalkDir(static, "static", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := static.ReadFile(name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "static/")
		got := strip(name, body)
		if bytes.Count(got, []byte("\n")) != bytes.Count(body, []byte("\n")) {
			t.Errorf("%s: its lines moved", name)
		}
		for i, line := range strings.Split(string(got), "\n") {
			if strings.HasSuffix(name, ".js") && !strings.Contains(line, " = /") && strings.Count(line, "`")%2 != 0 {
				t.Errorf("%s:%d: a text over several lines: what begins a line in it may look like a comment", name, i+1)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
