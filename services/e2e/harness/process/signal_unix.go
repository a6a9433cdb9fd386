//go:build unix

package process

import "syscall"

// Pause halts it as a stalled machine would (SIGSTOP).
func (p *Process) Pause() error { return p.signal(syscall.SIGSTOP) }

// Continue ends a pause (SIGCONT).
func (p *Process) Continue() error { return p.signal(syscall.SIGCONT) }
