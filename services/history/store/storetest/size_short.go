//go:build !long

package storetest

// Many is how many messages BenchmarkMany's callers ask for.
const Many = 20_000
