package process

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"syscall"
)

// The ports are below those that an operating system hands to outgoing
// connections (from 32768 on Linux, 49152 elsewhere): a program that is killed
// must find its port free when it comes back, and a client that tries a port
// nobody listens to must not meet itself.
const (
	lowestPort  = 15000
	highestPort = 32000
)

// FreeAddr is an address of 127.0.0.1 that nobody listens on now, and that no
// other call of it gives away as long as this process runs, in other processes
// neither: many tests start programs at once, and some kill theirs and start
// them again.
func FreeAddr() (string, error) {
	for range 100 {
		port := lowestPort + rand.IntN(highestPort-lowestPort)
		if !reserve(port) {
			continue
		}
		addr := fmt.Sprintf("127.0.0.1:%d", port)
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			return "", err
		}
		return addr, nil
	}
	return "", errors.New("no free port of 127.0.0.1 was found in 100 tries")
}

// reserve takes the UDP port of the same number, which no program here uses,
// until this process ends: an open descriptor is all that remembers it.
func reserve(port int) bool {
	syscall.ForkLock.RLock()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err == nil {
		syscall.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return true // no descriptor is left: as good as it was without
	}
	if syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}) != nil {
		_ = syscall.Close(fd)
		return false
	}
	return true
}
