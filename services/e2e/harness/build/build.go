// Package build makes the binaries that the tests run, once each, from the
// source tree that the tests stand in.
package build

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

// Program is what can be built.
type Program struct {
	// Name of the binary.
	Name   string
	module string // directory below services/
	pkg    string
	race   bool // whether the race detector is of use
}

// Natter is everything in one process.
func Natter() Program { return Program{"natter", "standalone", "./cmd/natter", true} }

// Gateway is the program gateway of the split shape.
func Gateway() Program { return Program{"gateway", "gateway", "./cmd/gateway", true} }

// Presence is the program presence of the split shape.
func Presence() Program { return Program{"presence", "presence", "./cmd/presence", true} }

// History is the program history of the split shape.
func History() Program { return Program{"history", "history", "./cmd/history", true} }

// Natterctl is the operator's tool.
func Natterctl() Program { return Program{"natterctl", "natterctl", "./cmd/natterctl", false} }

// NATS is the NATS server, which go.mod pins as a tool.
func NATS() Program {
	return Program{"nats-server", "e2e", "github.com/nats-io/nats-server/v2", false}
}

// Bare is the least server, beside which natter is measured.
func Bare() Program { return Program{"bare", "e2e", "./harness/bare/cmd/bare", false} }

// Grpcurl is the tool that the guides show to admins; go.mod pins it.
func Grpcurl() Program {
	return Program{"grpcurl", "e2e", "github.com/fullstorydev/grpcurl/cmd/grpcurl", false}
}

// Cache builds each program at most once, when it is first asked for.
type Cache struct {
	services string // directory of the modules
	bin      string
	race     bool
	tags     string
	overlay  string

	mu   sync.Mutex
	done map[string]result
}

type result struct {
	path string
	err  error
}

// NewCache builds below bin, from the modules in the directory services.
// race adds the race detector to our own programs.
func NewCache(services, bin string, race bool) *Cache {
	return &Cache{services: services, bin: bin, race: race, done: map[string]result{}}
}

// Tagged is another cache, which builds below bin with build tags, parted by
// commas.
func (c *Cache) Tagged(bin, tags string) *Cache {
	tagged := NewCache(c.services, bin, c.race)
	tagged.tags = tags
	return tagged
}

// Overlaid is another cache, which builds below bin with the same tags and with
// files of others in the place of some, as go build -overlay has them listed.
func (c *Cache) Overlaid(bin, overlay string) *Cache {
	overlaid := c.Tagged(bin, c.tags)
	overlaid.overlay = overlay
	return overlaid
}

// Path of the program's binary.
func (c *Cache) Path(p Program) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.done[p.Name]
	if !ok {
		r = c.build(p)
		c.done[p.Name] = r
	}
	return r.path, r.err
}

func (c *Cache) build(p Program) result {
	path := filepath.Join(c.bin, p.Name)
	args := []string{"build", "-o", path}
	if c.race && p.race {
		args = append(args, "-race")
	}
	if c.tags != "" {
		args = append(args, "-tags", c.tags)
	}
	if c.overlay != "" {
		args = append(args, "-overlay", c.overlay)
	}
	cmd := exec.Command("go", append(args, p.pkg)...)
	cmd.Dir = filepath.Join(c.services, p.module)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		return result{err: fmt.Errorf("%s in services/%s: %w\n%s", strings.Join(cmd.Args, " "), p.module, err, said.String())}
	}
	return result{path: path}
}
