// Package migrate says which numbered steps bring a store's schema to what this
// program needs, and whether this program can live with a schema that a newer
// one made.
//
// A step is a file NNNN_name.sql, numbered from 0001 without a hole, and never
// changed once it is released: there is no way back, only forward. Its first
// line may say
//
//	-- compatible: N
//
// which means that a program that knows the steps up to N still works with the
// schema that this step leaves. Without it only programs that know the step do.
// So two versions can run side by side while a deployment is replaced, as long
// as the newer one's steps say so.
package migrate

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
)

// ErrTooNew says that a newer program has changed the schema in a way that this
// one does not know.
var ErrTooNew = errors.New("the schema is newer than this program")

// Step is one change of a schema.
type Step struct {
	// Version is its number, from 1.
	Version int
	Name    string
	// Compatible is the lowest version a program may know and still work with
	// the schema after this step; at most Version.
	Compatible int
	SQL        string
}

var (
	fileName   = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)\.sql$`)
	compatible = regexp.MustCompile(`^-- compatible: (\d+)\n`)
)

// Load reads the steps in a directory, in order.
func Load(files fs.FS, dir string) ([]Step, error) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil, err
	}
	steps := make([]Step, 0, len(entries))
	for _, entry := range entries {
		parts := fileName.FindStringSubmatch(entry.Name())
		if parts == nil {
			return nil, fmt.Errorf("migrate: %s is not named NNNN_name.sql", entry.Name())
		}
		text, err := fs.ReadFile(files, path.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		version, _ := strconv.Atoi(parts[1])
		step := Step{Version: version, Name: parts[2], Compatible: version, SQL: string(text)}
		if c := compatible.FindStringSubmatch(step.SQL); c != nil {
			step.Compatible, _ = strconv.Atoi(c[1])
		}
		if step.Version != len(steps)+1 || step.Compatible < 1 || step.Compatible > step.Version {
			return nil, fmt.Errorf("migrate: %s: steps are numbered from 0001 without a hole, and compatible with one of 1 to their own number", entry.Name())
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// Pending are the steps that a schema still lacks: `applied` is how many it
// has, and `needs` the highest Compatible of those. ErrTooNew if this program
// does not know enough of them.
func Pending(known []Step, applied, needs int) ([]Step, error) {
	switch {
	case needs > len(known):
		return nil, fmt.Errorf("%w: it has version %d, which needs a program that knows version %d, and this one knows %d: run the newer program", ErrTooNew, applied, needs, len(known))
	case applied >= len(known):
		return nil, nil
	}
	return known[applied:], nil
}
