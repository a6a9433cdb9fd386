//go:build unix

package gateway

import "golang.org/x/sys/unix"

const canAwait = true

// readable tells whether a socket can be read without waiting, be it to learn
// that it is over.
func readable(fd uintptr) bool {
	fds := [1]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	n, err := unix.Poll(fds[:], 0)
	return n > 0 || err != nil // EINTR, say: then whoever reads waits in the usual way
}
