package process

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
)

// The ports are below those that an operating system hands to outgoing
// connections (from 32768 on Linux, 49152 elsewhere): a program that is killed
// must find its port free when it comes back, and a client that tries a port
// nobody listens to must not meet itself.
const (
	lowestPort  = 15000
	highestPort = 32000
)

// FreeAddr is an address of 127.0.0.1 that nobody listens on now.
func FreeAddr() (string, error) {
	for range 100 {
		addr := fmt.Sprintf("127.0.0.1:%d", lowestPort+rand.IntN(highestPort-lowestPort))
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
