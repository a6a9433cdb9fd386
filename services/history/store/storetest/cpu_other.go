//go:build !unix

package storetest

import (
	"testing"
	"time"
)

// processTime is not known here.
func processTime(*testing.B) time.Duration { return 0 }
