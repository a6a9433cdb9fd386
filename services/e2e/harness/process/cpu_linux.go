package process

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// tick is the unit of /proc's times: 100 in a second on every Linux, whatever
// its own timer does (proc_pid_stat(5), sysconf(_SC_CLK_TCK)).
const tick = 10 * time.Millisecond

// CPU is what the program has used of the processors since it started.
func (p *Process) CPU() (time.Duration, error) {
	c := p.child()
	if c == nil {
		return 0, fmt.Errorf("%s does not run", p.cfg.Name)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The second field is a name in brackets, which may hold anything; the 14th
	// and 15th are the times as user and in the kernel.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	var used time.Duration
	for _, field := range fields[11:13] {
		ticks, err := strconv.ParseInt(string(field), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/%d/stat: %w", c.cmd.Process.Pid, err)
		}
		used += time.Duration(ticks) * tick
	}
	return used, nil
}
