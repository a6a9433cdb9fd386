package config

import (
	"strings"

	"github.com/alecthomas/kong"
)

// help is a setting's line, with its variable and its default.
func help(v *kong.Value) string {
	if v.Flag == nil || len(v.Flag.Envs) == 0 {
		return v.Help
	}
	name := v.Flag.Envs[0]
	notes := []string{"$" + name}
	if isSecret(v.Flag) {
		notes = append(notes, "or a file named by $"+name+"_FILE")
	}
	if v.HasDefault && v.Default != "" {
		notes = append(notes, "default "+v.Default)
	}
	return v.Help + " (" + strings.Join(notes, ", ") + ")"
}
