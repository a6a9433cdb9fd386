package natterctl

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/natter-chat/natter/services/natterctl/command"
	"github.com/natter-chat/natter/services/natterctl/messages"
	"github.com/natter-chat/natter/services/natterctl/presence"
	"github.com/natter-chat/natter/services/natterctl/rooms"
)

const about = `Looks after a running natter.

It needs the server's admin token, best from a file (NATTER_ADMIN_TOKEN_FILE).

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no answer (it may or may not have been done).`

// cli is the command line.
type cli struct {
	Server  server `embed:"" group:"Where to ask, and as whom:"`
	Output  string `short:"o" enum:"table,json" default:"table" help:"How to print: table, or json (the server's answer)."`
	Version bool   `help:"Print the version and exit."`

	Rooms    rooms.Commands    `cmd:"" help:"Rooms, and who is in them."`
	Messages messages.Commands `cmd:"" help:"What was said."`
	Presence presence.Commands `cmd:"" help:"Who is here."`
}

// Main runs the command that args name, and returns the exit code.
func Main(ctx context.Context, args []string, env command.Env) int {
	var c cli
	exited := false
	parser, err := kong.New(&c,
		kong.Name("natterctl"), kong.Description(about), kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(int) { exited = true }), kong.Vars{"addr": defaultAddr},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return command.Fail(env.Stderr, err, "")
	}
	parser.Model.HelpFlag.Help = "Print help and exit; also after a command."
	chosen, err := parser.Parse(args)
	switch {
	case exited:
		return command.ExitDone
	case c.Version:
		fmt.Fprintln(env.Stdout, "natterctl", version())
		return command.ExitDone
	case err != nil:
		fmt.Fprintf(env.Stderr, "natterctl: %s\nNext: natterctl --help\n", command.Clean(err.Error()))
		return command.ExitUsage
	}
	env.Format = c.Output
	return c.run(ctx, chosen, &env)
}

// run calls the server.
func (c *cli) run(ctx context.Context, chosen *kong.Context, env *command.Env) int {
	conn, err := c.Server.dial()
	if err != nil {
		return command.Fail(env.Stderr, err, c.Server.target())
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, c.Server.Timeout)
	defer cancel()
	chosen.BindTo(ctx, (*context.Context)(nil))
	if err := chosen.Run(env, command.NewClient(conn)); err != nil {
		return command.Fail(env.Stderr, err, c.Server.target())
	}
	return command.ExitDone
}

// version is what the build says of this program.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(unknown)"
	}
	return info.Main.Version
}
