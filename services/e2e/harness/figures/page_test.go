package figures_test

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/figures"
)

// TestResultsAreOfTheirFile: what RESULTS.md shows, and its plot, are what the
// file of results says that it names.
func TestResultsAreOfTheirFile(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	page := read("RESULTS.md")
	name, err := figures.Source(page)
	if err != nil {
		t.Fatal(err)
	}
	results, err := figures.Read(strings.NewReader(read(name)), name)
	if err != nil {
		t.Fatal(err)
	}
	const mend = "make bench-figures RESULTS=services/e2e/results/FILE puts it right"
	if filled, err := results.Fill(page, name); err != nil || filled != page {
		t.Errorf("RESULTS.md does not show what %s says (%v); %s", name, err, mend)
	}
	plot := results.Plot()
	if read("results/split.svg") != plot {
		t.Errorf("results/split.svg does not show what %s says; %s", name, mend)
	}
	for decoder := xml.NewDecoder(strings.NewReader(plot)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("the plot is no XML: %v", err)
		}
	}
}
