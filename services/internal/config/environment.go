package config

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// environment is read here and not by kong, for three reasons: a secret may
// come from a file, an empty variable is as good as none (compose files set
// such), and an error must not repeat a value.
type environment struct {
	lookup func(string) (string, bool)
}

// takeOver makes kong ask the environment in this way.
func takeOver(parser *kong.Kong, lookup func(string) (string, bool)) {
	env := environment{lookup: lookup}
	for _, flag := range parser.Model.Flags {
		flag.Tag.Envs = nil // flag.Envs stays, for the help
	}
	kong.Resolvers(kong.ResolverFunc(env.resolve)).Apply(parser)
}

func (e environment) resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		value, err := e.value(name, isSecret(flag))
		if err != nil {
			return nil, err
		}
		if value != "" {
			return value, nil
		}
	}
	return nil, nil
}

func (e environment) value(name string, secret bool) (string, error) {
	value, _ := e.lookup(name)
	if !secret {
		return value, nil
	}
	path, _ := e.lookup(name + "_FILE")
	switch {
	case path == "":
		return value, nil
	case value != "":
		return "", fmt.Errorf("both %s and %s_FILE are set; one is enough", name, name)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("%s_FILE: %w", name, err)
	}
	value = strings.TrimSpace(string(content))
	if value == "" {
		return "", fmt.Errorf("%s_FILE: %s is empty", name, path)
	}
	return value, nil
}

func isSecret(flag *kong.Flag) bool { return flag.Tag.Get("secret") != "" }
