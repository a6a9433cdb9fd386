package secrets

import (
	"fmt"
	"time"

	"github.com/natter-chat/natter/services/internal/access"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Commands are natterctl's commands about secrets. They ask no server.
type Commands struct {
	Make       Make       `cmd:"" default:"withargs" help:"Make the secrets of a new deployment, in a directory: natterctl secrets DIR."`
	AdminToken AdminToken `cmd:"" help:"Make a token for an admin, and the line for the server's file of them."`
}

// AdminToken is `secrets admin-token`.
type AdminToken struct {
	Name   string        `required:"" help:"Who gets it: 1 to 64 letters, digits and . _ @ -; the audit has this name."`
	Scopes string        `required:"" placeholder:"SCOPES" help:"What they may do, parted by commas: read, moderate, operate, erase; or all."`
	For    time.Duration `placeholder:"DURATION" help:"How long it holds, such as 720h; without it, until its line is removed."`

	scopes access.Scopes
}

// Validate is called by the parser.
func (a *AdminToken) Validate() (err error) {
	if err := access.CheckName(a.Name); err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	if a.scopes, err = access.ParseScopes(a.Scopes); err != nil {
		return fmt.Errorf("--scopes: %w", err)
	}
	if a.For < 0 {
		return fmt.Errorf("--for: %s is below zero", a.For)
	}
	return nil
}

// Help is shown by --help.
func (a *AdminToken) Help() string {
	return `The token is printed once, and kept nowhere; the line has only its digest.
Append the line to the file that NATTER_ADMIN_TOKENS_FILE of the servers names;
it holds with the next call, without a restart. To replace a token, append the
new line, hand the new token out, and then remove the old line.`
}

// Run prints a new token, and its line.
func (a *AdminToken) Run(env *command.Env) error {
	token, digest := access.Mint()
	entry := access.Entry{Name: a.Name, Scopes: a.scopes, Digest: &digest}
	if a.For > 0 {
		entry.Expires = time.Now().Add(a.For)
	}
	if env.Format == command.FormatJSON {
		return env.JSON(map[string]string{"token": token, "line": entry.String()})
	}
	_, err := fmt.Fprintf(env.Stdout, "token  %s\nline   %s\n", token, entry)
	if err == nil {
		_, err = fmt.Fprintln(env.Stderr, "Keep the token where only its owner can read it; append the line to the servers' NATTER_ADMIN_TOKENS_FILE.")
	}
	return err
}
