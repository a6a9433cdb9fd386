package gateway

import (
	"io"
	"sync"
	"unicode/utf8"

	"github.com/natter-chat/natter/services/gateway/frame"
)

const (
	newBuffer = 4 << 10
	// maxPooled is the largest buffer that is kept for others: one slow reader's
	// megabyte must not stay.
	maxPooled = 64 << 10
)

// buffer is a growing slice that goes back to where it was taken.
type buffer struct{ bytes []byte }

// readAll reads a whole message of at most limit bytes. Text is looked at as it
// comes: nobody waits for the rest of what is not UTF-8.
func (b *buffer) readAll(r io.Reader, text bool, limit int) error {
	checked := 0
	for {
		if len(b.bytes) == cap(b.bytes) {
			b.bytes = append(b.bytes, 0)[:len(b.bytes)]
		}
		n, err := r.Read(b.bytes[len(b.bytes):cap(b.bytes)])
		b.bytes = b.bytes[:len(b.bytes)+n]
		if len(b.bytes) > limit {
			return frame.TooBig(limit)
		}
		if text {
			whole := len(b.bytes)
			if err != io.EOF {
				whole -= partial(b.bytes[checked:])
			}
			if !utf8.Valid(b.bytes[checked:whole]) {
				return &frame.Violation{Code: frame.CloseInvalidData, Reason: "the text is not UTF-8"}
			}
			checked = whole
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// partial is the number of bytes at the end of text that may be the beginning
// of a character.
func partial(text []byte) int {
	for n := 1; n <= min(len(text), utf8.UTFMax-1); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if utf8.FullRune(last) {
				return 0
			}
			return n
		}
	}
	return 0
}

// buffers lends buffers, so that an idle connection has none.
type buffers struct{ pool sync.Pool }

func (bs *buffers) take() *buffer {
	if b, ok := bs.pool.Get().(*buffer); ok {
		b.bytes = b.bytes[:0]
		return b
	}
	return &buffer{bytes: make([]byte, 0, newBuffer)}
}

func (bs *buffers) free(b *buffer) {
	if cap(b.bytes) <= maxPooled {
		bs.pool.Put(b)
	}
}
