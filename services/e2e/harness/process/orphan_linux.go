package process

import "syscall"

// dieWithParent lets no program outlive a test binary that was killed.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
