package profile

import (
	"slices"

	"github.com/alecthomas/kong"
)

// PreferTyped drops what a variable says where the command line gives the same
// in its other form: a token, where a variable names a file with one.
func PreferTyped(ctx *kong.Context) {
	for _, flag := range ctx.Flags() {
		pair := exclusive(flag.Name)
		if len(pair) < 2 || typed(ctx, flag.Name) {
			continue
		}
		if slices.ContainsFunc(pair, func(name string) bool { return typed(ctx, name) }) {
			flag.Target.SetZero()
		}
	}
}

// typed tells whether the command line sets a flag.
func typed(ctx *kong.Context, name string) bool {
	return slices.ContainsFunc(ctx.Path, func(p *kong.Path) bool { return p.Flag != nil && p.Flag.Name == name && !p.Resolved })
}
