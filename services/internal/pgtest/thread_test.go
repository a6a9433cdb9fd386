//go:build e2e && linux

package pgtest

import (
	"runtime"
	"syscall"
	"testing"
)

// TestTheServerOutlivesItsThread: the thread on which a server was started may
// end long before the process does.
func TestTheServerOutlivesItsThread(t *testing.T) {
	var s *Server
	var err error
	made := make(chan struct{})
	go func() {
		defer close(made)
		onDyingThread(func() { s, err = New() })
	}()
	<-made
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	// Each needs the server, and takes long enough for a signal to arrive.
	for range 5 {
		url, err := s.Database()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Run(url, "SELECT pg_sleep(0.2)"); err != nil {
			t.Fatal(err)
		}
	}
}

// onDyingThread runs do on a thread that ends with this goroutine: one that it
// is locked to, and not the process's first, which stays.
func onDyingThread(do func()) {
	runtime.LockOSThread()
	if syscall.Gettid() != syscall.Getpid() {
		do()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		onDyingThread(do)
	}()
	<-done
}
