package gateway

import (
	"net/http"
	"strings"
	"unicode/utf8"
)

// origins are the sites whose scripts may use this server: its own, and an
// exact list. Programs that are no browsers send no Origin, and are let in by
// their token alone, since no cookies are used.
type origins struct{ listed map[string]bool }

func newOrigins(list []string) origins {
	o := origins{listed: map[string]bool{}}
	for _, origin := range list {
		o.listed[strings.ToLower(origin)] = true
	}
	return o
}

// allowed tells whether the request may come from where it does.
func (o origins) allowed(r *http.Request) bool {
	values := r.Header.Values("Origin")
	if len(values) == 0 {
		return true
	}
	origin := strings.ToLower(values[0])
	return len(values) == 1 && ascii(values[0]) && (o.listed[origin] || same(origin, r))
}

// same tells whether an origin is this server's own, as the client called it:
// that and nothing else, no path, no user.
func same(origin string, r *http.Request) bool {
	host := strings.ToLower(r.Host)
	if host == "" {
		return false
	}
	// Before a proxy that ends TLS, it may be either.
	return origin == "https://"+host || r.TLS == nil && origin == "http://"+host
}

// ascii is what browsers write origins in; of other letters, some have small
// forms that would pass for those of another host.
func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// cors lets scripts of the allowed sites, and no others, use a handler from
// where they are.
func (o origins) cors(methods string, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Origin")
		if !o.allowed(r) {
			httpError(w, http.StatusForbidden, "FORBIDDEN", "this origin is not allowed here (NATTER_ORIGINS)", "")
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Methods", methods)
			w.Header().Set("Access-Control-Allow-Headers", "Content-Type")
			w.Header().Set("Access-Control-Max-Age", "3600")
		}
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next(w, r)
	}
}
