package process

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const stopping = 10 * time.Second

// stopped waits until every thread has stopped: the signal that stops them may
// come a moment after it was sent.
func stopped(pid int) error {
	for deadline := time.Now().Add(stopping); ; {
		if allStopped(pid) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d did not stop within %s", pid, stopping)
		}
		<-time.After(time.Millisecond)
	}
}

func allStopped(pid int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, path := range threads {
		stat, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			continue
		}
		end := bytes.LastIndex(stat, []byte(") "))
		if err != nil || end < 0 || stat[end+2] != 'T' {
			return false
		}
	}
	return true
}
