// Bundle writes the bundles of the page beside its sources: see package bundle.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/natter-chat/natter/services/gateway/web"
	"github.com/natter-chat/natter/services/gateway/web/bundle"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bundle SOURCES TARGET")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(sources, target string) error {
	files, err := bundle.Make(sources, web.Languages())
	if err != nil {
		return err
	}
	for name, body := range files {
		file := filepath.Join(target, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, body, 0o644); err != nil {
			return err
		}
	}
	return nil
}
