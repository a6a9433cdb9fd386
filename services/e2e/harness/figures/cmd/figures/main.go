// Figures puts a file of results into RESULTS.md beside it, as a table, and
// draws its plot:
//
//	go run ./services/e2e/harness/figures/cmd/figures services/e2e results/FILE.txt
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/natter-chat/natter/services/e2e/harness/figures"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: figures DIRECTORY-OF-RESULTS.md FILE-BELOW-IT")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(dir, file string) error {
	source, err := os.Open(filepath.Join(dir, file))
	if err != nil {
		return err
	}
	defer source.Close()
	results, err := figures.Read(source, file)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "RESULTS.md")
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	filled, err := results.Fill(string(page), file)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(filled), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "results", "split.svg"), []byte(results.Plot()), 0o644)
}
