//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestSearchOnPostgres holds the other store to the same.
func TestSearchOnPostgres(t *testing.T) {
	_, url := database(t)
	d := alone(t, shape.Split(), onPostgres(url)...)
	for name, test := range map[string]func(*testing.T, *shape.Deployment){
		"ReadsItsWrites": searchReadsItsWrites, "ShowsOnlyWhatMayBeRead": searchShowsOnlyWhatMayBeRead, "Pages": searchPages,
		"OddQueries": searchOddQueries, "DenseScripts": searchDenseScripts,
	} {
		t.Run(name, func(t *testing.T) { test(t, d) })
	}
}
