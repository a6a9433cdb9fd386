//go:build unix

package gateway

import "syscall"

// try writes without waiting, and returns how much the socket took. An error
// is left for the write that waits to find again.
func (o *outbox) try(b []byte) int {
	if o.raw == nil {
		return 0
	}
	written := 0
	_ = o.raw.Write(func(fd uintptr) bool {
		if n, err := syscall.Write(int(fd), b); err == nil {
			written = n
		}
		return true // whatever came of it: do not wait until more fits
	})
	return written
}
