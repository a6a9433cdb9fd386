package gateway

import (
	"net/http"
	"testing"
)

// TestElementForOtherSites: the element, and all that it is made of, may be
// loaded by scripts of the sites that are listed, and of no others.
func TestElementForOtherSites(t *testing.T) {
	const listed = "https://www.example.com"
	r := start(t, func(c *Config) { c.Origins = []string{listed} })
	for _, path := range []string{"/natter-room.js", "/natter.js", "/sdk/chat.js", "/element/natter-room.css", "/element/room.css", "/page/timeline.js", "/page/tokens.css", "/page/languages.js", "/page/language/en.js"} {
		for origin, want := range map[string]struct {
			status int
			allow  string
		}{
			"":                             {200, ""},
			listed:                         {200, listed},
			r.http.URL:                     {200, r.http.URL},
			"https://evil.example":         {403, ""},
			"https://www.example.com.evil": {403, ""},
			"http://www.example.com":       {403, ""},
			"null":                         {403, ""},
		} {
			header := http.Header{}
			if origin != "" {
				header.Set("Origin", origin)
			}
			reply := r.get(t, path, header)
			if got := reply.Header.Get("Access-Control-Allow-Origin"); reply.StatusCode != want.status || got != want.allow {
				t.Errorf("%s from %q: %d, allowed %q", path, origin, reply.StatusCode, got)
			}
			if reply.Header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %q: with credentials", path, origin)
			}
		}
	}
}
