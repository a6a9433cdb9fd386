package command

import (
	"errors"
	"strings"
)

// Silent is the error of what not all gateways answered; nil where all did.
func Silent(silent []string, what string) error {
	if len(silent) == 0 {
		return nil
	}
	return &Advised{
		Err:  errors.New("some gateways did not answer (" + strings.Join(silent, ", ") + "); " + what),
		Next: "repeat it; a gateway that has died is forgotten after ten seconds.",
		Exit: ExitPartly,
	}
}
