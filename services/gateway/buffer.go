package gateway

import "sync"

const (
	newBuffer = 1 << 10
	// maxPooled is the largest buffer that is kept for others: one slow reader's
	// megabyte must not stay.
	maxPooled = 64 << 10
)

// buffer is a growing slice that goes back to where it was taken.
type buffer struct{ bytes []byte }

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
