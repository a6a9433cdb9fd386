package audit

import (
	"crypto/sha256"
	"encoding/hex"
)

// Pseudonym stands in the audit for a user who was erased. It is the same for
// the same id, so that who knows the id finds what was done; it does not show
// it. A short id can be found by trying all.
func Pseudonym(user string) string {
	sum := sha256.Sum256([]byte("natter audit " + user))
	return "erased:" + hex.EncodeToString(sum[:16])
}
