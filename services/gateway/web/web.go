// Package web holds the page, the SDK and the element <natter-room>, as files
// in the program, and serves them: small, cacheable, and unable to run anything
// but their own scripts.
package web

import (
	"bytes"
	"net/http"
	"path"
	"strings"
	"time"
)

// policy lets the page load what is here and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Handler serves index.html at /, and the other files under their names. A
// browser asks each time whether its copy still holds, and gets the file again
// only if it does not: so a new version is seen at once, by all files together.
func Handler() http.Handler {
	files := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if name == "" {
			name = "index.html"
		}
		f, ok := files[name]
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "only GET is taken here", http.StatusMethodNotAllowed)
		case !ok:
			secure(w.Header())
			http.Error(w, "there is nothing here", http.StatusNotFound)
		default:
			f.serve(w, r, name)
		}
	})
}

func (f file) serve(w http.ResponseWriter, r *http.Request, name string) {
	h := w.Header()
	secure(h)
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	h.Add("Vary", "Accept-Encoding")
	body, tag := f.body, f.tag
	if f.packed != nil && takesGzip(r.Header.Get("Accept-Encoding")) {
		// A representation of its own, so a tag of its own.
		body, tag = f.packed, f.tag+"-gzip"
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(body))
}

// takesGzip reads an Accept-Encoding header, as far as browsers use it.
func takesGzip(accept string) bool {
	for one := range strings.SplitSeq(accept, ",") {
		coding, weight, _ := strings.Cut(strings.TrimSpace(one), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			return !strings.HasPrefix(strings.ReplaceAll(weight, " ", ""), "q=0") || strings.ContainsAny(weight, "123456789")
		}
	}
	return false
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
}
