package frame

import (
	"bytes"
	"compress/flate"
	"sync"
)

const (
	// deflateFrom is the least size of a message that is worth compressing.
	deflateFrom = 1 << 10
	// deflateTail ends what a flush writes; RFC 7692 leaves it out.
	deflateTail = 4
)

// deflating compresses large messages by RFC 7692, each for itself, so that one
// encoding serves all sessions and an idle one keeps no window.
type deflating struct {
	Codec
	deflaters sync.Pool
}

type deflater struct {
	out    bytes.Buffer
	writer *flate.Writer
}

// Deflating is a codec for connections that agreed on permessage-deflate.
func Deflating(codec Codec) Codec { return &deflating{Codec: codec} }

// Format is another than that of the codec without compression.
func (z *deflating) Format() int { return plainFormats + z.Codec.Format() }

// deflate puts what payload is compressed in its place, if that is shorter.
func (z *deflating) deflate(dst []byte, begin int) (out []byte, done bool) {
	payload := dst[begin:]
	if len(payload) < deflateFrom {
		return dst, false
	}
	d, ok := z.deflaters.Get().(*deflater)
	if !ok {
		d = &deflater{}
		d.writer, _ = flate.NewWriter(&d.out, flate.BestSpeed) // the level is a right one
	}
	defer z.deflaters.Put(d)
	d.out.Reset()
	d.writer.Reset(&d.out)
	if _, err := d.writer.Write(payload); err != nil {
		return dst, false
	}
	if err := d.writer.Flush(); err != nil {
		return dst, false
	}
	shorter := d.out.Bytes()[:d.out.Len()-deflateTail]
	if len(shorter) >= len(payload) {
		return dst, false
	}
	return append(dst[:begin], shorter...), true
}
