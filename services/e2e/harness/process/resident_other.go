//go:build !linux

package process

import "errors"

// Resident is only known on Linux.
func (p *Process) Resident() (int64, error) {
	return 0, errors.New("what a program has in memory is only known on Linux")
}
