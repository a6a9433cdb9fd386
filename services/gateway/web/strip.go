package web

import (
	"bytes"
	"path"
	"strings"
)

// strip takes the comments that begin a line out of the page's and the element's
// scripts and styles: the reader's browser needs none. The SDK keeps its own,
// they are its documentation. Each line keeps its number, so a stack says where
// to look in the source. A text may not reach over lines: TestStrip holds that.
func strip(name string, body []byte) []byte {
	script := path.Ext(name) == ".js"
	if !script && path.Ext(name) != ".css" || strings.HasPrefix(name, "sdk/") || name == "natter.js" {
		return body
	}
	lines := bytes.Split(body, []byte("\n"))
	within := false
	for i, line := range lines {
		rest := bytes.TrimSpace(line)
		if !within {
			if script && bytes.HasPrefix(rest, []byte("//")) {
				lines[i] = nil
				continue
			}
			if !bytes.HasPrefix(rest, []byte("/*")) {
				continue
			}
			rest = rest[len("/*"):]
		}
		_, after, ended := bytes.Cut(rest, []byte("*/"))
		within = !ended
		lines[i] = bytes.TrimSpace(after)
	}
	return bytes.Join(lines, []byte("\n"))
}
