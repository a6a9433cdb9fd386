// Package e2e holds natter to its contract from outside: real processes, real
// sockets, real data directories, and a client that knows nothing of the code
// it talks to.
//
// There is one body of tests and two shapes of natter ([shape.Standalone] and
// [shape.Split]); every test that is written with `everywhere` runs in both.
// Of our own modules only proto and services/internal are imported, and those
// only where NATS or gRPC is spoken.
//
// What a browser shows, what needs PostgreSQL ([shape.Replicated]) and the long
// forms are behind the build tag e2e:
//
//	go test ./services/e2e/...                         # Go only, both shapes
//	go test -tags e2e ./services/e2e/...               # and Chromium, PostgreSQL
//	NATTER_E2E_KILLS=20 go test -run Crash ./services/e2e/
//	NATTER_E2E_HANDOVERS=200 go test -tags e2e -timeout 60m -run 'Replicas$' ./services/e2e/
//	go test -run '^$' -bench Sends256 ./services/e2e/      # RESULTS.md has what came of it
//
// The logs of every process of a failed test are kept in artifacts/.
package e2e
