package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestWeight: page and SDK come to less than 100 KiB on the wire, as they are
// served, with both dictionaries; the element, which brings its own SDK and is for
// other people's pages, to half of that.
func TestWeight(t *testing.T) {
	const most, mostOfElement = 100 << 10, 50 << 10
	files := load()
	parts := map[string][]string{
		"page":    {"index.html", "icon.svg", "icon-maskable.svg", "natter.webmanifest", "page/theme.js", "page/page.css", "page/app.js"},
		"SDK":     {"natter.js"},
		"element": {"natter-room.js", "element/natter-room.css"},
	}
	for name := range files {
		if strings.HasPrefix(name, "sdk/") {
			parts["SDK"] = append(parts["SDK"], name)
		}
	}
	weighs := map[string]int{}
	for part, names := range parts {
		for _, name := range names {
			f, ok := files[name]
			switch {
			case !ok:
				t.Errorf("there is no %s", name)
			case f.packed != nil:
				weighs[part] += len(f.packed)
			default:
				weighs[part] += len(f.body)
			}
		}
		t.Logf("%s: %.1f KiB", part, float64(weighs[part])/1024)
	}
	if total := weighs["page"] + weighs["SDK"]; total > most {
		t.Errorf("page and SDK weigh %d bytes, %d more than they may", total, total-most)
	}
	if over := weighs["element"] - mostOfElement; over > 0 {
		t.Errorf("the element weighs %d bytes more than it may", over)
	}
}

// TestPageIsFewFiles: all that the page asks for is in these, so that it is there
// after one round trip.
func TestPageIsFewFiles(t *testing.T) {
	files := load()
	asked := regexp.MustCompile(`(?:href|src)="/([^"]+)"`).FindAllSubmatch(files["index.html"].body, -1)
	var names []string
	for _, match := range asked {
		names = append(names, string(match[1]))
	}
	if want := []string{"icon.svg", "natter.webmanifest", "page/page.css", "page/theme.js", "page/app.js"}; !slices.Equal(names, want) {
		t.Errorf("the page asks for %v", names)
	}
	for _, name := range []string{"page/app.js", "page/page.css", "natter-room.js", "element/natter-room.css"} {
		if further := regexp.MustCompile(`(?:^|[;}])import[\s{*"']|@import`).Find(files[name].body); further != nil {
			t.Errorf("%s asks for further files: %s", name, further)
		}
	}
}

func TestCompression(t *testing.T) {
	h := Handler()
	get := func(accept string, header http.Header) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, "/natter.js", nil)
		r.Header = header
		if r.Header == nil {
			r.Header = http.Header{}
		}
		if accept != "" {
			r.Header.Set("Accept-Encoding", accept)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	plain := get("", nil)
	for _, accept := range []string{"gzip", "br, gzip;q=0.8", "GZIP"} {
		w := get(accept, nil)
		if w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(strings.Join(w.Header().Values("Vary"), ","), "Accept-Encoding") {
			t.Errorf("%q: %v", accept, w.Header())
			continue
		}
		unpacked, err := gzip.NewReader(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(unpacked)
		if err != nil || !bytes.Equal(body, plain.Body.Bytes()) {
			t.Errorf("%q: another file (%v)", accept, err)
		}
		if w.Header().Get("ETag") == plain.Header().Get("ETag") {
			t.Error("both forms have the same tag")
		}
		if again := get(accept, http.Header{"If-None-Match": {w.Header().Get("ETag")}}); again.Code != http.StatusNotModified {
			t.Errorf("asked again: %d", again.Code)
		}
	}
	for _, accept := range []string{"", "br", "gzip;q=0", "gzip; q=0.0"} {
		if w := get(accept, nil); w.Header().Get("Content-Encoding") != "" || !bytes.Equal(w.Body.Bytes(), plain.Body.Bytes()) {
			t.Errorf("%q: %v", accept, w.Header())
		}
	}
}

// TestLanguages: a dictionary is added by its file alone.
func TestLanguages(t *testing.T) {
	files := load()
	got := string(files["page/languages.js"].body)
	for _, want := range []string{"from './language/en.js';", "from './language/zh-CN.js';", `"en": words`, `"zh-CN": words`} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in %q", want, got)
		}
	}
}

// TestMapsLeadToSources: what a map names is served, and is no bundle.
func TestMapsLeadToSources(t *testing.T) {
	files := load()
	maps := 0
	for name, f := range files {
		if !strings.HasSuffix(name, ".map") {
			continue
		}
		maps++
		var m struct{ Sources []string }
		if err := json.Unmarshal(f.body, &m); err != nil || len(m.Sources) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		for _, source := range m.Sources {
			got, ok := files[strings.TrimPrefix(source, "/")]
			if !ok || bytes.Contains(got.body, []byte("sourceMappingURL")) {
				t.Errorf("%s names %s, which is not there or a bundle itself", name, source)
			}
		}
	}
	if maps != 2 {
		t.Errorf("%d maps", maps)
	}
}
