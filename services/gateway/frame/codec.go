package frame

import (
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// Codec is how the frames of one subprotocol look. It is safe for concurrent
// use.
type Codec interface {
	// Decode reads a client's frame: a known request with every field of its
	// type, not yet held to the rules. The result shares no memory with data.
	Decode(data []byte) (*clientv1.ClientFrame, *Fault)
	// Append appends a server's frame to dst.
	Append(dst []byte, frame *clientv1.ServerFrame) []byte
	// Text tells whether its WebSocket messages are text and not binary.
	Text() bool
	// Format is the codec's place in a table of encodings: 0 up to [Formats]-1.
	Format() int
}

// Subprotocols by the names of the WebSocket handshake, the preferred first.
const (
	ProtocolJSON   = "natter.v1.json"
	ProtocolBinary = "natter.v1.protobuf"
)

// Formats is the number of codecs: each without and with compression.
const Formats = 2 * plainFormats

const (
	formatJSON = iota
	formatBinary
	plainFormats
)

// Read decodes a client's frame and holds it to the rules.
func Read(codec Codec, data []byte, limits Limits) (*clientv1.ClientFrame, *Fault) {
	request, fault := codec.Decode(data)
	if fault != nil {
		return nil, fault
	}
	if fault := Check(request, limits); fault != nil {
		fault.Re = request.GetId()
		return nil, fault
	}
	return request, nil
}
