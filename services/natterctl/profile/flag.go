package profile

import (
	"os"
	"slices"

	"github.com/alecthomas/kong"
)

// Flag names a profile. What that sets counts less than flags and variables.
type Flag struct {
	Profile string `env:"NATTER_PROFILE" help:"Profile to take what is not given here from; none: the file's default." placeholder:"NAME"`
	Config  string `env:"NATTER_PROFILES" help:"File of profiles, which only you may read; ${profiles} if not set." placeholder:"FILE"`
}

// settable are the flags that a profile may set.
func settable(flag string) bool {
	return slices.Contains([]string{
		"addr", "history-addr", "presence-addr", "gateway-addr", "token", "token-file", "tls-ca", "tls-cert", "tls-key", "timeout", "output",
		"url", "jwt-secret", "jwt-secret-file", "jwt-issuer", "jwt-audience",
	}, flag)
}

// exclusive are pairs of flags of which one is enough: where a flag or a variable
// sets one, the profile's other does not count.
func exclusive(flag string) []string {
	for _, pair := range [][]string{{"token", "token-file"}, {"jwt-secret", "jwt-secret-file"}} {
		if slices.Contains(pair, flag) {
			return pair
		}
	}
	return []string{flag}
}

// BeforeResolve is called by the parser once flags and variables are read.
func (f *Flag) BeforeResolve(ctx *kong.Context) error {
	name, path := f.given(ctx, "profile"), f.given(ctx, "config")
	named := path != ""
	if !named {
		path = DefaultFile()
	}
	settings, err := load(path, named, name, settable)
	if err != nil {
		return err
	}
	ctx.AddResolver(kong.ResolverFunc(func(ctx *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		value, set := settings[flag.Name]
		if !set {
			return nil, nil
		}
		for _, name := range exclusive(flag.Name) {
			if given(ctx, name) {
				return nil, nil
			}
		}
		return value, nil
	}))
	return nil
}

// given is what a flag or its variable says.
func (f *Flag) given(ctx *kong.Context, name string) string {
	for _, flag := range ctx.Flags() {
		if flag.Name == name {
			value, _ := ctx.FlagValue(flag).(string)
			return value
		}
	}
	return ""
}

// given tells whether the command line or a variable sets a flag.
func given(ctx *kong.Context, name string) bool {
	if typed(ctx, name) {
		return true
	}
	for _, flag := range ctx.Flags() {
		if flag.Name != name {
			continue
		}
		for _, variable := range flag.Envs {
			if os.Getenv(variable) != "" {
				return true
			}
		}
	}
	return false
}
