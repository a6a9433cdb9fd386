// Package profile reads natterctl's file of profiles: what to say on the
// command line of each deployment that one looks after, by name.
package profile

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"github.com/natter-chat/natter/services/natterctl/command"
)

// file is the file as it is written.
type file struct {
	// Default is the profile that counts where none is named.
	Default  string                       `yaml:"default"`
	Profiles map[string]map[string]string `yaml:"profiles"`
}

// DefaultFile is where the file is, unless another one is named.
func DefaultFile() string {
	dir, err := os.UserConfigDir()
	if err != nil {
		return "natterctl.yaml"
	}
	return filepath.Join(dir, "natter", "natterctl.yaml")
}

// load gives the settings of one profile, by the names of flags. No file, and no
// name, is no profile.
func load(path string, named bool, name string, known func(flag string) bool) (map[string]string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) && !named && name == "" {
		return nil, nil
	}
	if err != nil {
		return nil, &command.Advised{Err: fmt.Errorf("the file of profiles: %w", err), Next: "write it, or leave --profile out; natterctl --help says what it holds."}
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, &command.Advised{
			Err:  fmt.Errorf("others may read or write %s (its mode is %04o), and it may hold a token", path, mode),
			Next: "chmod 600 " + path,
		}
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the file of profiles: %w", err)
	}
	var f file
	if err := yaml.UnmarshalWithOptions(content, &f, yaml.Strict()); err != nil {
		return nil, &command.Advised{Err: fmt.Errorf("%s: %s", path, firstLine(err)), Next: "mend the line; natterctl --help says what the file holds."}
	}
	if name == "" {
		name = f.Default
	}
	if name == "" {
		return nil, nil
	}
	settings, there := f.Profiles[name]
	if !there {
		return nil, &command.Advised{
			Err:  fmt.Errorf("there is no profile %q in %s", name, path),
			Next: fmt.Sprintf("name one that is there: %s.", strings.Join(slices.Sorted(maps.Keys(f.Profiles)), ", ")),
		}
	}
	for flag := range settings {
		if !known(flag) {
			return nil, &command.Advised{
				Err:  fmt.Errorf("%s: the profile %s sets %q, which is no flag that a profile may set", path, name, flag),
				Next: "use the names of flags without dashes, such as addr and token-file.",
			}
		}
	}
	return settings, nil
}

// firstLine is an error without the picture that the YAML library draws.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
