// Package stack holds the compose stack of deploy/ to what its guide says: it
// is started, looked at, scaled, broken and upgraded, all with real containers.
// The tests are behind the build tag e2e, and need Docker with Compose, and
// Chromium:
//
//	NATTER_STACK=short go test -tags e2e ./services/e2e/stack/               # what every run of CI does
//	go test -tags e2e -timeout 40m ./services/e2e/stack/                     # a quarter of an hour
//	NATTER_STACK=long go test -tags e2e -timeout 90m ./services/e2e/stack/   # every container, every fault
//
// What all containers of a failed test said is kept in artifacts/.
package stack
