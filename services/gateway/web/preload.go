package web

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"slices"
)

// preload names in a page all modules that its own one comes to: a browser that
// finds them one import after the other waits for each level anew.
func preload(page []byte, files map[string]file, entry string) []byte {
	imported := regexp.MustCompile(`(?:from|import)\s+'(\.[^']+)'`)
	names := []string{entry}
	for i := 0; i < len(names); i++ { // it grows
		for _, match := range imported.FindAllSubmatch(files[names[i]].body, -1) {
			name := path.Join(path.Dir(names[i]), string(match[1]))
			if _, ok := files[name]; ok && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	var links bytes.Buffer
	for _, name := range names[1:] {
		fmt.Fprintf(&links, "<link rel=\"modulepreload\" href=\"/%s\">\n", name)
	}
	return bytes.Replace(page, []byte("</head>"), append(links.Bytes(), "</head>"...), 1)
}
