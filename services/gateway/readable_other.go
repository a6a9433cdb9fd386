//go:build !unix

package gateway

// canAwait: here nobody knows whether a read would wait.
const canAwait = false

func readable(uintptr) bool { return true }
