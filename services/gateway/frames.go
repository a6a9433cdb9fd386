package gateway

import (
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
)

// frames is one frame for many sessions: encoded once per format, when the
// first of that format is there. Not safe for concurrent use.
type frames struct {
	message *clientv1.ServerFrame
	bytes   [frame.Formats][]byte
}

func framesOf(message *clientv1.ServerFrame) frames { return frames{message: message} }

// sharedFrame is framesOf for those who keep it.
func sharedFrame(message *clientv1.ServerFrame) *frames { return &frames{message: message} }

func (f *frames) in(codec frame.Codec) []byte {
	format := codec.Format()
	if f.bytes[format] == nil {
		f.bytes[format] = frame.Wrap(codec, f.message)
	}
	return f.bytes[format]
}
