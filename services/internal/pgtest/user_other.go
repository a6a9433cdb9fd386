//go:build unix && !linux

package pgtest

import "syscall"

// account is whom PostgreSQL's programs run as: this process, which may not be root.
func account() (*syscall.Credential, error) { return nil, nil }

func attributes(as *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: as, Setpgid: true}
}
