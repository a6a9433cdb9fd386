package gateway

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/eventframe"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// entry is one event of a room as a feed holds it. It is encoded at most twice
// per format, for however many sessions: with its neighbours when it comes, and
// alone when somebody who missed it comes back.
type entry struct {
	seq    uint32
	event  *chatv1.Event
	weight int                   // about how many bytes it holds
	frames [frame.Formats][]byte // alone, as a WebSocket frame; nil until needed
	// Until it is delivered: when natter had it from its sender, Unix
	// microseconds, and its trace. Zero: not said.
	received int64
	span     *tracing.Span
}

func newEntry(e *chatv1.Event) *entry {
	return &entry{seq: e.GetSeq(), event: e, weight: 512 + 2*proto.Size(e)}
}

// alone is the event's frame.
func (e *entry) alone(codec frame.Codec) []byte {
	format := codec.Format()
	if e.frames[format] == nil {
		e.frames[format] = frame.Wrap(codec, eventFrame(e.event))
	}
	return e.frames[format]
}

// appendEntries appends all entries' frames, one behind the other.
func appendEntries(dst []byte, entries []*entry, codec frame.Codec) []byte {
	for _, e := range entries {
		dst = frame.AppendWrapped(dst, codec, eventFrame(e.event))
	}
	return dst
}

// eventFrame is an event as clients see it.
func eventFrame(e *chatv1.Event) *clientv1.ServerFrame {
	return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Event_{Event: eventframe.Of(e)}}
}

// millis is a time given in Unix milliseconds.
func millis(ms int64) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: ms / 1000, Nanos: int32(ms%1000) * 1e6}
}

// present is an optional field that is left out where it is empty.
func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
