package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"mime"
	"path"
	"strings"
)

//go:embed static
var static embed.FS

// bundled has, under the names of some sources, files that are served instead of
// them: made of those by `make page`.
//
//go:embed bundled
var bundled embed.FS

// file is one file as it is served.
type file struct {
	body   []byte
	packed []byte // by gzip; nil where that saves nothing
	kind   string
	tag    string
}

// load reads all files once. They are part of the program, so reading cannot
// fail.
func load() map[string]file {
	files := map[string]file{}
	each(static, "static", func(name string, body []byte) { files[name] = newFile(name, strip(name, body)) })
	files["page/languages.js"] = newFile("page/languages.js", Languages())
	each(bundled, "bundled", func(name string, body []byte) {
		if source, ok := files[name]; ok {
			files["source/"+name] = source // which the maps name
		}
		files[name] = newFile(name, body)
	})
	return files
}

// each gives every file of a folder, by its name in it.
func each(from embed.FS, folder string, file func(name string, body []byte)) {
	_ = fs.WalkDir(from, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := from.ReadFile(name)
		if err != nil {
			return err
		}
		file(strings.TrimPrefix(name, folder+"/"), body)
		return nil
	})
}

func newFile(name string, body []byte) file {
	sum := sha256.Sum256(body)
	f := file{body: body, kind: kindOf(name), tag: base64.RawURLEncoding.EncodeToString(sum[:18])}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is a valid one
	_, err := w.Write(body)
	if err == nil && w.Close() == nil && packed.Len() < len(body) {
		f.packed = packed.Bytes()
	}
	return f
}

// Languages is the module that gathers the page's dictionaries: those that lie
// in the folder, so that a language is added with a file and nothing else.
func Languages() []byte {
	entries, _ := static.ReadDir("static/page/language") // it is part of the program
	var imports, members bytes.Buffer
	for i, entry := range entries {
		name, _ := json.Marshal(strings.TrimSuffix(entry.Name(), ".js")) // a string always can be
		fmt.Fprintf(&imports, "import words%d from './language/%s';\n", i, entry.Name())
		fmt.Fprintf(&members, "  %s: words%d,\n", name, i)
	}
	return fmt.Appendf(nil, "%s\nexport default {\n%s};\n", &imports, &members)
}

// kindOf is the content type of a file. The system's own table may be missing,
// or wrong about scripts.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".html":
		return "text/html; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}
