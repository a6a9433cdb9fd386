package e2e_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// yard holds the binaries, and one deployment of each shape that all tests
// use which neither end processes nor need settings of their own.
type yard struct {
	dir      string
	programs *build.Cache

	mu      sync.Mutex
	started map[string]started
	names   map[string]int
}

type started struct {
	deployment *shape.Deployment
	err        error
}

func newYard(dir string, programs *build.Cache) *yard {
	return &yard{dir: dir, programs: programs, started: map[string]started{}, names: map[string]int{}}
}

// withoutLimits: tests send faster than people.
func withoutLimits() []string {
	return []string{"NATTER_SENDS_PER_SECOND=0", "NATTER_REQUESTS_PER_SECOND=0", "NATTER_SESSIONS_PER_USER=0"}
}

func (y *yard) deployment(t *testing.T, s shape.Shape) *shape.Deployment {
	t.Helper()
	y.mu.Lock()
	defer y.mu.Unlock()
	now, ok := y.started[s.Name]
	if !ok {
		dir := filepath.Join(y.dir, "shared-"+s.Name)
		if now.err = os.MkdirAll(dir, 0o700); now.err == nil {
			now.deployment, now.err = s.Start(t.Context(), shape.Config{Dir: dir, Programs: y.programs, Env: withoutLimits()})
		}
		y.started[s.Name] = now
	}
	if now.err != nil {
		t.Fatal(now.err)
	}
	return now.deployment
}

// close stops what was started; what it did wrong meanwhile is an error.
func (y *yard) close() error {
	var errs []error
	for _, now := range y.started {
		if now.err != nil {
			continue
		}
		err := errors.Join(now.deployment.Stop(), now.deployment.Alarm())
		if err != nil {
			errs = append(errs, err, now.deployment.KeepLogs("artifacts/shared"))
		}
	}
	return errors.Join(errs...)
}

// everywhere runs a test in every shape, on the deployments that tests share.
func everywhere(t *testing.T, test func(t *testing.T, d *shape.Deployment)) {
	for _, s := range shape.All() {
		t.Run(s.Name, func(t *testing.T) {
			d := shared.deployment(t, s)
			keepLogs(t, d)
			test(t, d)
		})
	}
}

// everywhereAlone is everywhere with a deployment for this test only.
func everywhereAlone(t *testing.T, env []string, test func(t *testing.T, d *shape.Deployment)) {
	for _, s := range shape.All() {
		t.Run(s.Name, func(t *testing.T) {
			test(t, alone(t, s, env...))
		})
	}
}

// alone starts a deployment for this test only.
func alone(t testing.TB, s shape.Shape, env ...string) *shape.Deployment {
	t.Helper()
	d := prepared(t, s, env...)
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

// prepared is a deployment for this test only that does not run yet.
func prepared(t testing.TB, s shape.Shape, env ...string) *shape.Deployment {
	t.Helper()
	return preparedAs(t, s, shape.Config{Env: env})
}

// proxied is alone, in the split shape, with networks that can be broken.
func proxied(t testing.TB, env ...string) *shape.Deployment {
	t.Helper()
	d := preparedAs(t, shape.Split(), shape.Config{Env: env, Proxied: true})
	if err := d.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return d
}

func preparedAs(t testing.TB, s shape.Shape, cfg shape.Config) *shape.Deployment {
	t.Helper()
	cfg.Dir, cfg.Programs = t.TempDir(), shared.programs
	d, err := s.Prepare(cfg)
	if err != nil {
		t.Fatal(err)
	}
	keepLogs(t, d)
	t.Cleanup(func() {
		if err := errors.Join(d.Kill(), d.Alarm()); err != nil {
			t.Error(err)
		}
	})
	return d
}

var unsafeInNames = regexp.MustCompile(`[^A-Za-z0-9_-]+`)

// keepLogs keeps the logs of a test that fails, and shows their ends.
func keepLogs(t testing.TB, d *shape.Deployment) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		dir := filepath.Join("artifacts", unsafeInNames.ReplaceAllString(t.Name(), "-"))
		t.Logf("all logs are in %s (%v); they end with:\n%s", dir, d.KeepLogs(dir), d.Tails(15))
	})
}

// unique makes a name that no other test has: for rooms and users of
// deployments that tests share.
func unique(t testing.TB, what string) string {
	name := strings.ToLower(unsafeInNames.ReplaceAllString(strings.TrimPrefix(t.Name(), "Test"), "-"))
	if most := 50 - len(what); len(name) > most {
		name = name[:most]
	}
	name += "-" + what
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.names[name]++
	if n := shared.names[name]; n > 1 {
		name += fmt.Sprintf("-%d", n)
	}
	return name
}
