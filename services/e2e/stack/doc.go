// Package stack holds the compose stack of deploy/ to what its guide says: it
// is started, looked at, scaled, broken and upgraded, all with real containers.
// The tests are behind the build tag e2e, and need Docker with Compose, and
// Chromium:
//
//	go test -tags e2e ./services/e2e/stack/                       # minutes
//	NATTER_STACK_LONG=1 go test -tags e2e -timeout 90m ./services/e2e/stack/   # every container, every fault
//
// What all containers of a failed test said is kept in artifacts/.
package stack
