package frame

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// Close codes of RFC 6455 for what a client's frames have wrong.
const (
	CloseProtocolError = 1002
	CloseUnsupported   = 1003
	CloseInvalidData   = 1007
	CloseTooBig        = 1009
	// CloseNoStatus stands for a close frame without a code; it is never sent.
	CloseNoStatus = 1005
)

// Violation is a breach of RFC 6455 or of the frame limit. The connection is
// to be closed with its code.
type Violation struct {
	Code   int
	Reason string
}

// Error makes a Violation an error.
func (v *Violation) Error() string { return fmt.Sprintf("%s (%d)", v.Reason, v.Code) }

// TooBig is what to say of a message of more than limit bytes.
func TooBig(limit int) *Violation {
	return &Violation{CloseTooBig, fmt.Sprintf("a message may have %d bytes at most", limit)}
}

const (
	shortHeader = 2 // without a longer length and without the mask
	maskBytes   = 4
	maxHeader   = shortHeader + 8 + maskBytes
	maxControl  = 125 // bytes of a control frame's payload

	maskBit     = 0x80
	finalBit    = 0x80
	deflatedBit = 0x40
	opcodeBits  = 0x0f
	lengthBits  = 0x7f
)

// Guard looks at the bytes that a client sends, on their way to the WebSocket
// library, for what that does not check, or not with the right code: lengths (their sign, that they are
// written as short as can be, and the sum over a message's fragments, all from
// the header alone), the payload of close frames, and where the bit of a
// compressed message may stand. The library checks the rest. The zero Guard,
// with a limit, is at the beginning of a connection. Not safe for concurrent
// use.
type Guard struct {
	// Limit is the most bytes of a message as they are on the wire.
	Limit int

	header  [maxHeader]byte
	have    int    // bytes of the header that came
	left    uint64 // bytes of the payload to come
	message int    // bytes of the message so far
	within  bool   // a message has begun and not ended
	closing []byte // payload of a close frame so far; nil: none is under way
	closed  bool   // nothing that follows has a meaning
	broken  *Violation
}

// Midway tells whether a frame or message has begun that has not ended.
func (g *Guard) Midway() bool { return (g.have > 0 || g.within) && !g.closed }

// Check looks at the next bytes, up to the end of a frame. It returns how many
// of them may be passed on: all of the frame's, or, with a Violation, those before
// it. After one there is nothing but that.
func (g *Guard) Check(p []byte) (int, *Violation) {
	for n := 0; n < len(p); {
		if g.broken != nil {
			return n, g.broken
		}
		if g.closed {
			break
		}
		if !g.headed() {
			g.header[g.have] = p[n]
			g.have++
			if g.have >= shortHeader && g.have == g.measured() {
				g.broken = g.begin() // before the mask, as the library does
			}
			if g.broken != nil {
				continue
			}
			n++
			if g.headed() && g.pay(0) {
				return n, nil
			}
			continue
		}
		took := int(min(g.left, uint64(len(p)-n)))
		if g.closing != nil {
			g.broken = g.close(p[n : n+took])
		}
		if g.broken != nil {
			continue
		}
		n += took
		if g.pay(uint64(took)) {
			return n, nil
		}
	}
	if g.broken != nil {
		return 0, g.broken
	}
	return len(p), nil
}

// headed tells whether the frame's header is whole.
func (g *Guard) headed() bool { return g.have >= shortHeader && g.have == g.measured()+maskBytes }

// measured is the size of the header up to the length's end.
func (g *Guard) measured() int {
	switch g.header[1] & lengthBits {
	case 126:
		return shortHeader + 2
	case 127:
		return shortHeader + 8
	}
	return shortHeader
}

// begin judges a header up to the length's end.
func (g *Guard) begin() *Violation {
	if g.header[1]&maskBit == 0 {
		return &Violation{CloseProtocolError, "a frame is not masked"}
	}
	size, least := uint64(g.header[1]&lengthBits), uint64(0)
	switch size {
	case 126:
		size, least = uint64(binary.BigEndian.Uint16(g.header[shortHeader:])), 126
	case 127:
		size, least = binary.BigEndian.Uint64(g.header[shortHeader:]), 1<<16
	}
	if size < least {
		return &Violation{CloseProtocolError, "a length is not written as short as it could be"}
	}
	g.left = size
	if g.header[0]&opcodeBits >= opClose {
		return g.control()
	}
	return g.data()
}

func (g *Guard) control() *Violation {
	switch {
	case g.left > maxControl:
		return &Violation{CloseProtocolError, "a control frame has more than 125 bytes"}
	case g.header[0]&deflatedBit != 0:
		return &Violation{CloseProtocolError, "a control frame is marked as compressed"}
	case g.header[0]&opcodeBits != opClose:
		return nil
	case g.left == 1:
		return &Violation{CloseProtocolError, "a close frame has half a code"}
	}
	g.closing = make([]byte, 0, g.left)
	return nil
}

// data judges the header of a message, or of a fragment that continues one.
func (g *Guard) data() *Violation {
	opcode, final := g.header[0]&opcodeBits, g.header[0]&finalBit != 0
	switch {
	case opcode != opContinuation:
		g.message = 0
	case g.header[0]&deflatedBit != 0:
		return &Violation{CloseProtocolError, "a fragment that continues a message is marked as compressed"}
	}
	g.within = !final
	cost := g.left
	if !final { // an empty fragment counts, too, so that they have an end
		cost = max(1, cost)
	}
	if cost > uint64(g.Limit-g.message) {
		return TooBig(g.Limit)
	}
	g.message += int(cost)
	return nil
}

// pay counts bytes of the payload, and gets ready for the next header where that
// was all of the frame.
func (g *Guard) pay(n uint64) (ended bool) {
	if g.left -= n; g.left > 0 {
		return false
	}
	g.have, g.closed = 0, g.closing != nil
	return true
}

// close judges the next bytes of a close frame.
func (g *Guard) close(p []byte) *Violation {
	mask := g.header[g.have-maskBytes : g.have]
	for _, b := range p {
		g.closing = append(g.closing, b^mask[len(g.closing)%maskBytes])
	}
	if len(g.closing) == cap(g.closing) && !utf8.Valid(g.closing[2:]) {
		return &Violation{CloseInvalidData, "the reason of a close frame is not UTF-8"}
	}
	return nil
}

// Control is the whole ping or pong that p begins with: what it carries, and its
// size. A size of 0: p does not. Whether it may stand there is the guard's to say.
func Control(p []byte) (ping bool, data string, size int) {
	const head = shortHeader + maskBytes
	if len(p) < head || p[0] != finalBit|opPing && p[0] != finalBit|opPong || p[1]&maskBit == 0 {
		return false, "", 0
	}
	payload := int(p[1] & lengthBits)
	if payload > maxControl || head+payload > len(p) {
		return false, "", 0
	}
	bare := make([]byte, payload)
	for i := range bare {
		bare[i] = p[head+i] ^ p[shortHeader+i%maskBytes]
	}
	return p[0] == finalBit|opPing, string(bare), head + payload
}
