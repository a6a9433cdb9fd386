//go:build e2e

package stack_test

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// testImages: small, not root, nothing to write to but what they need; and
// what they take when nothing happens.
func testImages(t *testing.T) {
	t.Logf("from nothing but images to all healthy: %s", first.Round(100*time.Millisecond))
	for _, service := range []string{"gateway", "history", "presence"} {
		all, err := plain.Containers(t.Context(), service)
		if err != nil || len(all) == 0 {
			t.Fatalf("%s has the containers %v (%v)", service, all, err)
		}
		image := "natter/" + service + ":" + version
		inspect := func(what, template string) string {
			t.Helper()
			out, err := plain.Inspect(t.Context(), what, template)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		size, err := strconv.ParseFloat(inspect(image, "{{.Size}}"), 64)
		if err != nil || size > 40e6 {
			t.Errorf("%s has %.1f MB (%v)", image, size/1e6, err)
		}
		if user := inspect(image, "{{.Config.User}}"); user != "65532:65532" {
			t.Errorf("%s runs as %q", image, user)
		}
		if label := inspect(image, `{{index .Config.Labels "org.opencontainers.image.version"}}`); label != version {
			t.Errorf("%s has version %q", image, label)
		}
		if said, err := plain.Docker(t.Context(), "run", "--rm", image, "--version"); err != nil || said != service+" "+version {
			t.Errorf("%s --version says %q (%v)", image, said, err)
		}
		if locked := inspect(all[0].ID, "{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}}"); locked != "true [ALL]" {
			t.Errorf("%s runs with %s", service, locked)
		}
		created, err1 := time.Parse(time.RFC3339Nano, inspect(all[0].ID, "{{.State.StartedAt}}"))
		healthy, err2 := time.Parse(time.RFC3339Nano, firstWell(inspect(all[0].ID, "{{range .State.Health.Log}}{{if eq .ExitCode 0}}{{.End.Format \"2006-01-02T15:04:05.999999999Z07:00\"}} {{end}}{{end}}")))
		if err1 != nil || err2 != nil {
			t.Errorf("%s: started %v, well %v", service, err1, err2)
		}
		memory, err := plain.Docker(t.Context(), "stats", "--no-stream", "--format", "{{.MemUsage}}", all[0].ID)
		if err != nil {
			t.Error(err)
		}
		t.Logf("%-8s image %4.1f MB, well %s after its start at most, idle %s", service, size/1e6, healthy.Sub(created).Round(100*time.Millisecond), memory)
	}
}

// firstWell is the first of the checks that passed.
func firstWell(times string) string {
	first, _, _ := strings.Cut(times, " ")
	return first
}
