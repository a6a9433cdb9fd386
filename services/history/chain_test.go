package history

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// FuzzRecord: whatever bytes stand in a log, they count only if they are a
// record that names the place it stands at and the one before it.
func FuzzRecord(f *testing.F) {
	good, err := proto.Marshal(&chatv1.LogRecord{Id: []byte("b"), Previous: []byte("a"), Sequence: 8, Events: []*chatv1.Event{{Room: "lobby", Seq: 1}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, data := range [][]byte{good, good[:len(good)-3], nil, []byte("not a record"), bytes.Repeat([]byte{0xff}, 100)} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		at := chain{sequence: 7, record: []byte("a")}
		r := decodeRecord(data)
		counts := at.take(r)
		if at.sequence != 8 {
			t.Fatalf("the chain stands at %d, want 8 whatever was read", at.sequence)
		}
		follows := len(r.GetId()) > 0 && r.GetSequence() == 8 && string(r.GetPrevious()) == "a"
		if counts != follows || !counts && string(at.record) != "a" {
			t.Fatalf("%v counts: %v, and the chain ends with %q", r, counts, at.record)
		}
	})
}
