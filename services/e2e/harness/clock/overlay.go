// Package clock has programs whose clocks can be set, each by itself, while they
// run. Go asks the kernel for the time and no library, so nothing that is put
// between (such as libfaketime) is asked; what the programs are built with is
// Go's own package time with one line more.
package clock

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Variable names the file that a program's clock is set by; without it the clock
// is the machine's. It is seen from the program's working directory.
const Variable = "CHAOS_CLOCK"

const (
	asked = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {"
	set   = "\tsec, nsec, mono := runtimeNow()\n\tsec += jumped()\n\tif mono == 0 {"
)

// jump is the file that is added: how many seconds the clock is ahead stands in
// memory that is shared with who sets it.
const jump = `package time

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

var ahead = sharedAhead()

func jumped() int64 {
	if ahead == nil {
		return 0
	}
	return atomic.LoadInt64(ahead)
}

func sharedAhead() *int64 {
	path, named := syscall.Getenv("` + Variable + `")
	if !named {
		return nil
	}
	file, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		panic("open " + path + ": " + err.Error())
	}
	shared, err := syscall.Mmap(file, 0, 8, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		panic("map " + path + ": " + err.Error())
	}
	_ = syscall.Close(file)
	return (*int64)(unsafe.Pointer(&shared[0]))
}
`

// Overlay writes into a directory what go build has to be given with -overlay,
// and gives the path of it.
func Overlay(dir string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	src := filepath.Join(strings.TrimSpace(string(root)), "src", "time")
	original, err := os.ReadFile(filepath.Join(src, "time.go"))
	if err != nil {
		return "", err
	}
	if strings.Count(string(original), asked) != 1 {
		return "", fmt.Errorf("time.Now of Go in %s is not as it was in Go 1.26: look at it, and change the package clock", src)
	}
	replaced := map[string]string{}
	for name, text := range map[string]string{
		"time.go": strings.Replace(string(original), asked, set, 1),
		"jump.go": jump,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			return "", err
		}
		replaced[filepath.Join(src, name)] = path
	}
	list, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "overlay.json")
	return path, os.WriteFile(path, list, 0o644)
}
