//go:build !linux

package process

import (
	"errors"
	"time"
)

// CPU is only known on Linux.
func (p *Process) CPU() (time.Duration, error) {
	return 0, errors.New("what a program uses of the processors is only known on Linux")
}
