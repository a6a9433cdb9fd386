//go:build !plants

package plant

// In tells whether a bug is in this program.
func In(string) bool { return false }
