package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestWeight: page and SDK come to less than 100 KiB on the wire, each file as
// it is served, with both dictionaries.
func TestWeight(t *testing.T) {
	const most = 100 << 10
	total := 0
	for name, f := range load() {
		if strings.HasPrefix(name, "demo.") || strings.HasPrefix(name, "element/") || name == "natter-room.js" {
			continue // for other people's pages
		}
		if f.packed != nil {
			total += len(f.packed)
		} else {
			total += len(f.body)
		}
	}
	t.Logf("%.1f KiB", float64(total)/1024)
	if total > most {
		t.Errorf("page and SDK weigh %d bytes, %d more than they may", total, total-most)
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
