//go:build race

package build

// Race tells whether the tests themselves run under the race detector.
const Race = true
