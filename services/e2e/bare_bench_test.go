package e2e_test

import (
	"path/filepath"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/bare"
	"github.com/natter-chat/natter/services/e2e/harness/build"
	"github.com/natter-chat/natter/services/e2e/harness/process"
)

// startBare is a bare server to hold natter against, and its address.
func startBare(b *testing.B, mode bare.Mode) (*process.Process, string) {
	b.Helper()
	path, err := shared.programs.Path(build.Bare())
	if err != nil {
		b.Fatal(err)
	}
	addr, err := process.FreeAddr()
	if err != nil {
		b.Fatal(err)
	}
	url := "http://" + addr
	p := process.New(process.Config{
		Name: "bare", Path: path, Args: []string{addr, string(mode)}, Log: filepath.Join(b.TempDir(), "log"), Ready: url + "/readyz",
	})
	if err := p.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	return p, url
}
