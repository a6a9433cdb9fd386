package frame_test

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// TestAFrameThatIsNumberedLater is the same to the byte as one that is encoded
// with its number.
func TestAFrameThatIsNumberedLater(t *testing.T) {
	page := &clientv1.ServerFrame_Page{Room: "lobby", HasBefore: true}
	for seq := range uint32(50) {
		page.Messages = append(page.Messages, &chatv1.Message{Seq: seq, User: "ana", Text: "What was said"})
	}
	answer := &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Page_{Page: page}}
	for _, codec := range []frame.Codec{frame.JSON(), frame.Binary(), frame.Deflating(frame.JSON()), frame.Deflating(frame.Binary())} {
		encoded := codec.Append(nil, answer)
		for _, re := range []uint32{1, 300, 1<<32 - 1} {
			numbered := proto.CloneOf(answer)
			numbered.Re = &re
			if want, got := frame.AppendWrapped([]byte("x"), codec, numbered), frame.AppendNumbered([]byte("x"), codec, re, encoded); !bytes.Equal(want, got) {
				t.Errorf("%T %d: got %q, want %q", codec, re, got, want)
			}
		}
	}
}
