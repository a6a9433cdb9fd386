package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Resident is what the program has in memory, in bytes.
func (p *Process) Resident() (int64, error) {
	c := p.child()
	if c == nil {
		return 0, fmt.Errorf("%s does not run", p.cfg.Name)
	}
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseInt(string(bytes.Fields(statm)[1]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("/proc/%d/statm: %w", c.cmd.Process.Pid, err)
	}
	return pages * int64(os.Getpagesize()), nil
}
