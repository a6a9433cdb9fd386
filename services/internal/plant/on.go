//go:build plants

package plant

import (
	"os"
	"sync"
)

var named = sync.OnceValue(func() string { return os.Getenv("NATTER_PLANT") })

// In tells whether a bug is in this program.
func In(name string) bool { return name == named() }
