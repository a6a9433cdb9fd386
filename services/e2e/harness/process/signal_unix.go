//go:build unix

package process

import "syscall"

// Pause halts it as a stalled machine would (SIGSTOP), and returns once it does
// nothing any more.
func (p *Process) Pause() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return err
	}
	return stopped(p.child().cmd.Process.Pid)
}

// Continue ends a pause (SIGCONT).
func (p *Process) Continue() error { return p.signal(syscall.SIGCONT) }

// Reload has it read its files again (SIGHUP), if it is a program that does so
// when it is asked to, as NATS is.
func (p *Process) Reload() error { return p.signal(syscall.SIGHUP) }
