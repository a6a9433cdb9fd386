package subject

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
)

const (
	directPrefix = "dm-"
	directBytes  = 20 // of the hash; base32 makes 32 characters of them
)

// DirectRoom is the id of the direct room of two users: the same whoever of
// them asks, and unlikely (2^-80) to be that of any other two. It says nothing
// of who they are.
func DirectRoom(a, b string) string {
	if b < a {
		a, b = b, a
	}
	text := binary.BigEndian.AppendUint32(nil, uint32(len(a))) // so that no two pairs join into one text
	sum := sha256.Sum256(append(append(text, a...), b...))
	return directPrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:directBytes]))
}

// IsDirectRoom tells whether an id has the form that [DirectRoom] makes; no
// other room may have such a one.
func IsDirectRoom(room string) bool {
	hash, ok := strings.CutPrefix(room, directPrefix)
	if !ok || len(hash) != directBytes*8/5 {
		return false
	}
	for i := range len(hash) {
		if c := hash[i]; ('a' > c || c > 'z') && ('2' > c || c > '7') {
			return false
		}
	}
	return true
}
