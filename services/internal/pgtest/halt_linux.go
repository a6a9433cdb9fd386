package pgtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Halt stops all of the server's processes where they are, as a hung disk or a
// hung machine does: connections stay, and nothing is answered.
func (s *Server) Halt() error { return s.all(syscall.SIGSTOP) }

// Resume lets a halted server go on.
func (s *Server) Resume() error { return s.all(syscall.SIGCONT) }

// all signals the server first, so that it makes no process meanwhile, and then
// its children.
func (s *Server) all(signal syscall.Signal) error {
	if s.cmd == nil {
		return errors.New("pgtest: the server does not run")
	}
	pid := s.cmd.Process.Pid
	if err := syscall.Kill(pid, signal); err != nil {
		return fmt.Errorf("pgtest: %w", err)
	}
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("pgtest: the server's processes are not known: %w", err)
	}
	for _, file := range files {
		list, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("pgtest: %w", err)
		}
		for _, child := range strings.Fields(string(list)) {
			n, err := strconv.Atoi(child)
			if err != nil {
				return fmt.Errorf("pgtest: %w", err)
			}
			if err := syscall.Kill(n, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("pgtest: %w", err)
			}
		}
	}
	return nil
}
