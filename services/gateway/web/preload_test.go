package web

import (
	"bytes"
	"strings"
	"testing"
)

// TestModulesArePreloaded: the page names each module that it needs, once, and
// none that it does not.
func TestModulesArePreloaded(t *testing.T) {
	files := load()
	page := files["index.html"].body
	count := func(name string) int {
		return bytes.Count(page, []byte(`<link rel="modulepreload" href="/`+name+`">`))
	}
	for name := range files {
		needed := strings.HasSuffix(name, ".js") && (strings.HasPrefix(name, "page/") || strings.HasPrefix(name, "sdk/") || name == "natter.js")
		switch {
		case name == "page/app.js" || name == "page/theme.js" || name == "sdk/types.js": // loaded by the page itself; of types alone
		case needed && count(name) != 1:
			t.Errorf("%s is named %d times", name, count(name))
		case !needed && count(name) != 0:
			t.Errorf("%s is loaded, though nothing needs it", name)
		}
	}
}
