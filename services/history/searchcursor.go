package history

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// A cursor is the mark of its search, and a place. It gives no right: those of
// the caller are looked up for every page.
const cursorBytes = 8 + 8 + 8

// fingerprint tells searches apart, so that a cursor does not go on with
// another one.
func fingerprint(in *historyv1.SearchRequest, caller rpc.Caller) uint64 {
	sum := sha256.Sum256(fmt.Appendf(nil, "1 %q %q %q %d %d %q %t",
		in.GetQuery(), in.GetRoom(), in.GetFrom(), floorMs(in.GetAfter()), ceilMs(in.GetBefore()), caller.User, caller.Admin))
	return binary.BigEndian.Uint64(sum[:])
}

func writeCursor(p store.Place, mark uint64) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, cursorBytes), mark)
	b = binary.BigEndian.AppendUint64(b, uint64(p.TimeMs))
	b = binary.BigEndian.AppendUint64(b, uint64(p.Tie))
	return base64.RawURLEncoding.EncodeToString(b)
}

// readCursor is false for what is no cursor of that search; none is the
// beginning.
func readCursor(cursor string, mark uint64) (store.Place, bool) {
	if cursor == "" {
		return store.Place{}, true
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(b) != cursorBytes || binary.BigEndian.Uint64(b) != mark {
		return store.Place{}, false
	}
	p := store.Place{TimeMs: int64(binary.BigEndian.Uint64(b[8:])), Tie: int64(binary.BigEndian.Uint64(b[16:]))}
	return p, p.TimeMs >= 0 && p.TimeMs < 1<<53 && p.Tie >= 0
}
