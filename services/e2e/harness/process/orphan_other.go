//go:build !linux

package process

import "syscall"

// dieWithParent can be had on Linux only.
func dieWithParent() *syscall.SysProcAttr { return nil }
