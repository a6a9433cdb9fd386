package process

import (
	"net"
	"testing"
)

// TestFreeAddr: an address is given away once, though nobody listens on it yet.
func TestFreeAddr(t *testing.T) {
	given := map[string]bool{}
	for range 500 {
		addr, err := FreeAddr()
		if err != nil {
			t.Fatal(err)
		}
		if given[addr] {
			t.Fatalf("%s was given away twice", addr)
		}
		given[addr] = true
	}
	for addr := range given {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		return
	}
}
