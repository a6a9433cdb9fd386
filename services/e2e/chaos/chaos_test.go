//go:build chaos || e2e

package chaos_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos"
	"github.com/natter-chat/natter/services/e2e/harness/build"
)

// TestChaos: nothing that was acked is lost, doubled, reordered or leaked,
// whatever happens to natter while people talk.
func TestChaos(t *testing.T) {
	inShapes(t, func(*chaos.Config) {})
}

// inShapes runs in each shape that needs Go alone, with a change to the
// configuration, and finds nothing.
func inShapes(t *testing.T, change func(*chaos.Config)) {
	t.Helper()
	built := programs(t, "faultpoints")
	for _, shape := range []string{"standalone", "split"} {
		t.Run(shape, func(t *testing.T) {
			cfg := config(t, shape, built)
			change(&cfg)
			clean(t, cfg)
		})
	}
}

// config of a run in a shape.
func config(t *testing.T, shape string, built *build.Cache) chaos.Config {
	t.Helper()
	lasts, err := time.ParseDuration(cmp.Or(os.Getenv("NATTER_CHAOS_FOR"), usualFor))
	if err != nil {
		t.Fatalf("NATTER_CHAOS_FOR: %v", err)
	}
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("NATTER_CHAOS_SEED"), strconv.FormatInt(time.Now().UnixNano(), 10)), 10, 64)
	if err != nil {
		t.Fatalf("NATTER_CHAOS_SEED: %v", err)
	}
	t.Logf("seed %d (NATTER_CHAOS_SEED)", seed)
	return chaos.Config{Seed: seed, Shape: shape, For: lasts, Dir: t.TempDir(), Programs: built, Log: func(line string) { t.Log(line) }}
}

// programs are natter's, built with tags.
func programs(t *testing.T, tags string) *build.Cache {
	t.Helper()
	services, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(t.TempDir(), "bin")
	return build.NewCache(services, bin, build.Race).Tagged(bin, tags)
}

// clean runs, and fails if anything is found; then the history and the logs are
// kept in artifacts/.
func clean(t *testing.T, cfg chaos.Config) {
	t.Helper()
	summary := execute(t, cfg)
	if len(summary.Violations) > 0 {
		keep(t, cfg.Dir)
		t.Errorf("%d violations; they are told above", len(summary.Violations))
	}
	if summary.Count() == 0 || summary.Acked == 0 || summary.Resumed == 0 {
		t.Errorf("it shows nothing: %s", summary)
	}
}

func execute(t *testing.T, cfg chaos.Config) *chaos.Summary {
	t.Helper()
	summary, err := chaos.Run(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(summary)
	return summary
}

func keep(t *testing.T, dir string) {
	t.Helper()
	to := filepath.Join("..", "artifacts", filepath.FromSlash(t.Name()))
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(to, "logs"), os.DirFS(filepath.Join(dir, "logs"))); err != nil {
		t.Error(err)
	}
	history, err := os.ReadFile(filepath.Join(dir, "history.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, "history.jsonl"), history, 0o644); err != nil {
		t.Error(err)
	}
	t.Logf("the history and the logs are kept in services/e2e/artifacts/%s", t.Name())
}
