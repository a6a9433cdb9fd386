//go:build !linux && !darwin && !freebsd

package embednats

import "math"

// freeBytes is not known here: writing tells.
func freeBytes(string) (int64, error) { return math.MaxInt64, nil }
