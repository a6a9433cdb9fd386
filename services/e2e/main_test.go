package e2e_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/build"
)

// shared is what the tests of a run have in common; set by TestMain.
var shared *yard

func TestMain(m *testing.M) {
	flag.Parse()
	waitTogether()
	os.Exit(runAll(m))
}

// waitTogether lets more parallel tests run than there are cores, unless
// -parallel says otherwise: most of their time they wait for natter's clocks.
func waitTogether() {
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", "6") // the flag is there, and 6 a number
	}
}

func runAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "natter-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	services, err := filepath.Abs("..")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	shared = newYard(dir, build.NewCache(services, dir, build.Race))
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintf(os.Stderr, "FAIL: the deployments that the tests shared: %v\n", err)
		return 1
	}
	return code
}
