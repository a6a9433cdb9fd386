//go:build e2e && !chaos

package chaos_test

// usualFor is the short form's, which goes with all end-to-end tests.
const usualFor = "10s"
