package config

import (
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/alecthomas/kong"
)

// defaults are the variables of the settings in this package.
func defaults() map[string]string {
	return map[string]string{"http_addr": ":8080", "grpc_addr": ":9090", "ops_addr": ":9091"}
}

// own are the flags that every program has beside --help.
type own struct {
	PrintConfig bool `name:"print-config" help:"Print the settings that are in force, without secrets, and exit."`
	Health      bool `name:"health" help:"Ask the running program whether it is ready, print its answer, and exit: 0 if it is."`
	Version     bool `name:"version" help:"Print the version and exit."`
}

// Parse fills target, a pointer to a struct with kong's tags, from args, the
// environment and the defaults. In defaults ${name} stands for a variable:
// vars, and where they do not say, http_addr :8080, grpc_addr :9090 and
// ops_addr :9091. handled is true where it only printed to stdout: for
// --help, --version, --print-config and --health. err names the flag and the variable
// that are at fault, and never holds a secret.
func Parse(program, about string, target any, args []string, stdout io.Writer, vars map[string]string) (handled bool, err error) {
	var own own
	exited := false
	all := defaults()
	maps.Copy(all, vars)
	parser, err := kong.New(target,
		kong.Name(program), kong.Description(about), kong.Vars(all),
		kong.Embed(&own), kong.Writers(stdout, stdout), kong.ValueFormatter(help),
		kong.Exit(func(int) { exited = true }),
	)
	if err != nil {
		return false, fmt.Errorf("settings of %s: %w", program, err)
	}
	parser.Model.HelpFlag.Help = "Print this help and exit."
	takeOver(parser, os.LookupEnv)
	_, err = parser.Parse(args)
	switch {
	case exited: // by --help, whatever else was wrong
		return true, nil
	case asksVersion(args):
		_, err := fmt.Fprintf(stdout, "%s %s\n", program, Version())
		return true, err
	case err != nil:
		return false, named(err, parser.Model.Flags)
	case own.PrintConfig:
		return true, printSettings(stdout, parser.Model.Flags)
	case own.Health:
		return true, askHealth(stdout, parser.Model.Flags)
	}
	return false, nil
}

// asksVersion is seen before any fault of the other settings.
func asksVersion(args []string) bool {
	for _, arg := range args {
		if arg == "--" {
			return false
		}
		if arg == "--version" {
			return true
		}
	}
	return false
}

// named adds the environment variable to an error that names a flag: the
// value may have come from either.
func named(err error, flags []*kong.Flag) error {
	for _, flag := range flags {
		_, after, found := strings.Cut(err.Error(), "--"+flag.Name)
		if found && len(flag.Envs) > 0 && !strings.HasPrefix(after, "-") {
			return fmt.Errorf("%w (environment: %s)", err, strings.Join(flag.Envs, ", "))
		}
	}
	return err
}
