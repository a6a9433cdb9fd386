package command

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
)

// Confirmed is embedded by commands that destroy something.
type Confirmed struct {
	Yes bool `help:"Do it without asking; needed where nobody can be asked."`
}

// Confirm goes on with --yes, or if a person at the terminal says so. what is a
// sentence that names what is lost, next what to do before.
func (c Confirmed) Confirm(env *Env, what, next string) error {
	if c.Yes {
		return nil
	}
	if !env.Interactive {
		return &Advised{Err: errors.New(what), Next: next + "repeat with --yes."}
	}
	fmt.Fprintf(env.Stderr, "%s.\nType yes to go on: ", Clean(what))
	answer, err := bufio.NewReader(env.Stdin).ReadString('\n')
	if strings.TrimSpace(answer) != "yes" {
		return &Advised{Err: errors.Join(errors.New("nothing was done: that was not yes"), unlessEOF(err)), Next: next + "repeat it, and type yes."}
	}
	return nil
}

func unlessEOF(err error) error {
	if err == nil || err.Error() == "EOF" {
		return nil
	}
	return err
}
