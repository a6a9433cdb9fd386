package pgtest

import "testing"

// For is a server of a test's own, which ends with it.
func For(t testing.TB) *Server {
	t.Helper()
	server, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}
