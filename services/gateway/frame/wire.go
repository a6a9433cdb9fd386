package frame

import (
	"encoding/binary"
	"unicode/utf8"

	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// Opcodes of RFC 6455.
const (
	opContinuation = 0

	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// headerRoom is the most bytes that a server's WebSocket header takes.
const headerRoom = 10

// Wrap encodes a frame and puts it into a WebSocket frame of its own: final,
// not masked, ready to be written to any connection of that codec.
func Wrap(codec Codec, frame *clientv1.ServerFrame) []byte {
	return AppendWrapped(make([]byte, 0, 256), codec, frame)
}

// AppendWrapped is [Wrap] that appends to dst.
func AppendWrapped(dst []byte, codec Codec, frame *clientv1.ServerFrame) []byte {
	begin := len(dst)
	var room [headerRoom]byte
	dst = append(dst, room[:]...)
	return seal(codec.Append(dst, frame), begin, codec)
}

// seal makes a WebSocket frame of a payload that follows the room for a header.
func seal(dst []byte, begin int, codec Codec) []byte {
	op := byte(opBinary)
	if codec.Text() {
		op = opText
	}
	if z, ok := codec.(*deflating); ok {
		var done bool
		if dst, done = z.deflate(dst, begin+headerRoom); done {
			op |= deflatedBit
		}
	}
	var header [headerRoom]byte
	h := appendHeader(header[:0], op, len(dst)-begin-headerRoom)
	n := copy(dst[begin:], h)
	return append(dst[:begin+n], dst[begin+headerRoom:]...)
}

func appendHeader(dst []byte, op byte, size int) []byte {
	const final = 0x80
	dst = append(dst, final|op)
	switch {
	case size < 126:
		return append(dst, byte(size))
	case size < 1<<16:
		return binary.BigEndian.AppendUint16(append(dst, 126), uint16(size))
	}
	return binary.BigEndian.AppendUint64(append(dst, 127), uint64(size))
}

// AppendPing appends an empty ping.
func AppendPing(dst []byte) []byte { return appendHeader(dst, opPing, 0) }

// AppendPong appends the answer to a ping.
func AppendPong(dst []byte, data string) []byte {
	return append(appendHeader(dst, opPong, len(data)), data...)
}

// AppendClose appends a close frame. Of the reason, at most 123 bytes are told,
// in whole characters. [CloseNoStatus] is a frame without a code or reason.
func AppendClose(dst []byte, code int, reason string) []byte {
	if code == CloseNoStatus {
		return appendHeader(dst, opClose, 0)
	}
	const most = maxControl - 2
	if len(reason) > most {
		cut := most
		for cut > 0 && !utf8.RuneStart(reason[cut]) {
			cut--
		}
		reason = reason[:cut]
	}
	dst = appendHeader(dst, opClose, 2+len(reason))
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason...)
}

// IsClose tells whether these bytes begin with a close frame of a server.
func IsClose(frame []byte) bool { return len(frame) > 0 && frame[0] == finalBit|opClose }
