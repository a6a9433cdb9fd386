// Package bundle makes one file of the many that the page, and the element, are
// written in: a browser that has none of them yet asks once.
package bundle

import (
	"encoding/json"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// The files that others come into, by their names in the source.
var (
	scripts = []string{"page/app.js", "natter-room.js"}
	styles  = []string{"page/page.css", "element/natter-room.css"}
)

// languages is the module that no file holds; its text is made of those there.
const languages = "page/languages.js"

// Make bundles the sources of a folder. The files have the names of the sources
// that they stand for; a map beside each script says where a line came from.
func Make(folder string, languagesText []byte) (map[string][]byte, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	plugin := generated(filepath.Join(folder, languages), string(languagesText))
	return files, errors.Join(
		build(files, folder, styles, api.BuildOptions{}),
		build(files, folder, scripts, api.BuildOptions{
			Format: api.FormatESModule, Target: api.ES2022, Plugins: []api.Plugin{plugin},
			Sourcemap: api.SourceMapLinked, SourcesContent: api.SourcesContentExclude,
		}),
	)
}

func build(files map[string][]byte, folder string, entries []string, o api.BuildOptions) error {
	for _, entry := range entries {
		o.EntryPoints = append(o.EntryPoints, filepath.Join(folder, entry))
	}
	o.Outbase, o.Outdir, o.AllowOverwrite = folder, folder, true // nothing is written
	o.Bundle, o.Charset, o.LegalComments = true, api.CharsetUTF8, api.LegalCommentsNone
	o.MinifyWhitespace, o.MinifyIdentifiers, o.MinifySyntax = true, true, true
	made := api.Build(o)
	if len(made.Errors) > 0 || len(made.Warnings) > 0 {
		told := append(api.FormatMessages(made.Errors, api.FormatMessagesOptions{}), api.FormatMessages(made.Warnings, api.FormatMessagesOptions{Kind: api.WarningMessage})...)
		return errors.New(strings.Join(told, "\n"))
	}
	for _, f := range made.OutputFiles {
		name, err := filepath.Rel(folder, f.Path)
		if err != nil {
			return err
		}
		name, body := filepath.ToSlash(name), f.Contents
		if path.Ext(name) == ".map" {
			if body, err = served(name, body); err != nil {
				return err
			}
		}
		files[name] = body
	}
	return nil
}

// generated answers for the one module that is no file.
func generated(file, text string) api.Plugin {
	return api.Plugin{Name: "generated", Setup: func(build api.PluginBuild) {
		name := `(^|/)` + path.Base(languages) + `$`
		build.OnResolve(api.OnResolveOptions{Filter: name}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			return api.OnResolveResult{Path: file}, nil
		})
		build.OnLoad(api.OnLoadOptions{Filter: name}, func(api.OnLoadArgs) (api.OnLoadResult, error) {
			return api.OnLoadResult{Contents: &text, ResolveDir: filepath.Dir(file), Loader: api.LoaderJS}, nil
		})
	}}
}

// served gives the sources of a map the paths under which they are served.
func served(name string, body []byte) ([]byte, error) {
	var m map[string]any
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	sources, _ := m["sources"].([]any)
	for i, source := range sources {
		relative, _ := source.(string)
		source := path.Join(path.Dir(name), relative)
		if slices.Contains(scripts, source) {
			source = "source/" + source // under its own name the bundle is served
		}
		sources[i] = "/" + source
	}
	return json.Marshal(m)
}
