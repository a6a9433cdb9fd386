package process

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// Tail is the end of what the program wrote, over all its starts.
func (p *Process) Tail(lines int) string {
	content, err := os.ReadFile(p.cfg.Log)
	if err != nil {
		return fmt.Sprintf("(no log: %v)", err)
	}
	all := strings.Split(strings.TrimRight(string(content), "\n"), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}

// alarms are what no program may ever write.
var alarms = []string{"WARNING: DATA RACE", "panic: ", "fatal error: ", "SIGSEGV"}

// Alarm is an error if the program ever told of a data race, a panic or a
// fault of the runtime.
func (p *Process) Alarm() error {
	content, err := os.ReadFile(p.cfg.Log)
	if err != nil {
		return err
	}
	for _, alarm := range alarms {
		at := bytes.Index(content, []byte(alarm))
		if at < 0 {
			continue
		}
		report := content[at:min(len(content), at+6000)]
		return fmt.Errorf("%s wrote %q:\n%s", p.cfg.Name, alarm, report)
	}
	return nil
}
