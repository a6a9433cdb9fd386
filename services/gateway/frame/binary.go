package frame

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// maxMessages bounds the nesting of protobuf messages: each level of JSON in a
// Struct takes three.
const maxMessages = 3*maxDepth + 4

type binaryCodec struct{}

// Binary is the codec of [ProtocolBinary].
func Binary() Codec { return binaryCodec{} }

func (binaryCodec) Text() bool  { return false }
func (binaryCodec) Format() int { return formatBinary }

func (binaryCodec) Append(dst []byte, frame *clientv1.ServerFrame) []byte {
	// It fails only for strings that are not UTF-8, and none of ours are.
	out, _ := proto.MarshalOptions{}.MarshalAppend(dst, frame)
	return out
}

func (binaryCodec) Decode(data []byte) (*clientv1.ClientFrame, *Fault) {
	request := &clientv1.ClientFrame{}
	options := proto.UnmarshalOptions{DiscardUnknown: true, RecursionLimit: maxMessages}
	if err := options.Unmarshal(data, request); err != nil {
		fault := bad("", "the frame is not a valid ClientFrame")
		fault.Re = looseID(data)
		return nil, fault
	}
	if request.GetRequest() == nil {
		fault := bad("", "the frame holds no request that this server knows")
		fault.Re = request.GetId()
		return nil, fault
	}
	return request, nil
}

// looseID is the id of a frame that is otherwise broken, or 0.
func looseID(data []byte) uint32 {
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			return 0
		}
		data = data[n:]
		if number == 1 && kind == protowire.VarintType {
			id, _ := protowire.ConsumeVarint(data)
			return uint32(id)
		}
		if n = protowire.ConsumeFieldValue(number, kind, data); n < 0 {
			return 0
		}
		data = data[n:]
	}
	return 0
}
