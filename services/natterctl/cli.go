package natterctl

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"

	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/natterctl/archive"
	"github.com/natter-chat/natter/services/natterctl/audit"
	"github.com/natter-chat/natter/services/natterctl/bench"
	"github.com/natter-chat/natter/services/natterctl/command"
	"github.com/natter-chat/natter/services/natterctl/gateways"
	"github.com/natter-chat/natter/services/natterctl/member"
	"github.com/natter-chat/natter/services/natterctl/messages"
	"github.com/natter-chat/natter/services/natterctl/presence"
	"github.com/natter-chat/natter/services/natterctl/profile"
	"github.com/natter-chat/natter/services/natterctl/rooms"
	"github.com/natter-chat/natter/services/natterctl/secrets"
	"github.com/natter-chat/natter/services/natterctl/session"
	"github.com/natter-chat/natter/services/natterctl/status"
	"github.com/natter-chat/natter/services/natterctl/store"
	"github.com/natter-chat/natter/services/natterctl/tail"
	"github.com/natter-chat/natter/services/natterctl/token"
	"github.com/natter-chat/natter/services/natterctl/user"
	"github.com/natter-chat/natter/services/natterctl/webhook"
)

const about = `Looks after a running natter.

It needs an admin token, best from a file (NATTER_ADMIN_TOKEN_FILE) or a profile, or a certificate that the server knows (NATTER_TLS_CERT, NATTER_TLS_KEY). A flag counts more than a variable, and a variable more than the profile.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 3 no answer (it may or may not have been done), 4 done in part, or something is wrong with what was looked at.`

// cli is the command line.
type cli struct {
	Server  server       `embed:"" group:"Where to ask, and as whom:"`
	Profile profile.Flag `embed:"" group:"Where to ask, and as whom:"`
	Output  string       `short:"o" enum:"table,json" default:"table" help:"How to print: table, or json (the server's answer)."`
	Version bool         `help:"Print the version and exit."`

	Status   status.Status     `cmd:"" help:"Look at the whole deployment: every service, who writes what, how far it is."`
	Room     rooms.Commands    `cmd:"" aliases:"rooms" help:"Rooms: list, make, change, delete."`
	Member   member.Commands   `cmd:"" aliases:"members" help:"Who is in a room, and who may not be."`
	Message  messages.Commands `cmd:"" aliases:"messages" help:"What was said."`
	Tail     tail.Tail         `cmd:"" help:"Follow a room live."`
	User     user.Commands     `cmd:"" aliases:"users" help:"What holds for a user as a whole."`
	Session  session.Commands  `cmd:"" aliases:"sessions" help:"Who is connected."`
	Presence presence.Commands `cmd:"" help:"Who is here."`
	Announce gateways.Announce `cmd:"" help:"Show a notice to everybody, to a room or to a user, now."`
	Gateway  gateways.Commands `cmd:"" aliases:"gateways" help:"The gateways: list, drain."`
	Export   archive.Export    `cmd:"" help:"Write history into files of JSON Lines."`
	Import   archive.Import    `cmd:"" help:"Bring rooms, members and messages in from a file."`
	Backup   archive.Backup    `cmd:"" help:"Write the whole deployment into a file, while it runs."`
	Restore  archive.Restore   `cmd:"" help:"Bring a backup into a fresh deployment."`
	Webhook  webhook.Commands  `cmd:"" help:"Who is told what happens in rooms, over HTTP."`
	Store    store.Commands    `cmd:"" help:"What keeps history, and how far it is."`
	Bench    bench.Bench       `cmd:"" help:"Put a bounded load on your own deployment, and measure it."`
	Token    token.Token       `cmd:"" help:"Make a user's token, for tests. No server is asked."`
	Audit    audit.Commands    `cmd:"" help:"What admins did."`
	Secrets  secrets.Commands  `cmd:"" help:"Make secrets: of a new deployment, of an admin. No server is asked."`

	Completion kongcompletion.Completion `cmd:"" help:"Tell how to complete commands with the tab key in bash, zsh or fish."`
}

// Main runs the command that args name, and returns the exit code.
func Main(ctx context.Context, args []string, env command.Env) int {
	var c cli
	exited := false
	parser, err := c.parser(env, func(int) { exited = true })
	if err != nil {
		return command.Fail(env.Stderr, err, "")
	}
	kongcompletion.Register(parser)
	if exited { // the shell asked what may come next, and was told
		return command.ExitDone
	}
	chosen, err := parser.Parse(args)
	var advised *command.Advised
	switch {
	case exited:
		return command.ExitDone
	case c.Version:
		fmt.Fprintln(env.Stdout, "natterctl", config.Version())
		return command.ExitDone
	case errors.As(err, &advised):
		return command.Fail(env.Stderr, err, "")
	case err != nil:
		fmt.Fprintf(env.Stderr, "natterctl: %s\nNext: %s --help\n", command.Clean(err.Error()), understood(err))
		return command.ExitUsage
	}
	profile.PreferTyped(chosen)
	env.Format = c.Output
	return c.run(ctx, chosen, &env)
}

// understood is the command of a wrong command line, as far as it is one.
func understood(err error) string {
	name := "natterctl"
	var wrong *kong.ParseError
	if !errors.As(err, &wrong) {
		return name
	}
	for _, p := range wrong.Context.Path {
		if p.Command != nil {
			name += " " + p.Command.Name
		}
	}
	return name
}

func (c *cli) parser(env command.Env, exit func(int)) (*kong.Kong, error) {
	parser, err := kong.New(c, append(moments(),
		kong.Name("natterctl"), kong.Description(about), kong.Writers(env.Stdout, env.Stderr), kong.Exit(exit),
		kong.Vars{"addr": defaultAddr, "profiles": profile.DefaultFile()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
	)...)
	if err != nil {
		return nil, err
	}
	parser.Model.HelpFlag.Help = "Print help and exit; also after a command."
	showExamples(parser.Model.Node)
	return parser, nil
}

// run calls the server, where the command needs one.
func (c *cli) run(ctx context.Context, chosen *kong.Context, env *command.Env) int {
	target := chosen.Selected().Target.Addr().Interface()
	if _, alone := target.(interface{ AsksNobody() }); alone || strings.HasPrefix(chosen.Command(), "secrets") || chosen.Selected().Name == "completion" {
		if err := chosen.Run(env); err != nil {
			return command.Fail(env.Stderr, err, "")
		}
		return command.ExitDone
	}
	client, closeAll, err := c.Server.dial()
	if err != nil {
		return command.Fail(env.Stderr, err, c.Server.target())
	}
	defer closeAll()
	if _, long := target.(interface{ MayTakeLong() }); !long {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, c.Server.Timeout)
		defer cancel()
	}
	chosen.BindTo(ctx, (*context.Context)(nil))
	if err := chosen.Run(env, client); err != nil {
		return command.Fail(env.Stderr, err, c.Server.target())
	}
	return command.ExitDone
}
