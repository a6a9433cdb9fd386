package bundle_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/natter-chat/natter/services/gateway/web"
	"github.com/natter-chat/natter/services/gateway/web/bundle"
)

// TestBundlesAreOfTheSources: what is served is made of what is written here.
func TestBundlesAreOfTheSources(t *testing.T) {
	files, err := bundle.Make("../static", web.Languages())
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		if got, err := os.ReadFile(filepath.Join("../bundled", name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not of the sources (%v): run 'make page' and commit what it wrote", name, err)
		}
	}
	err = filepath.WalkDir("../bundled", func(path string, entry os.DirEntry, err error) error {
		name, relErr := filepath.Rel("../bundled", path)
		if err != nil || relErr != nil || entry.IsDir() {
			return err
		}
		if files[filepath.ToSlash(name)] == nil {
			t.Errorf("%s is bundled of nothing: remove it", name)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
