package gateway

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/natter-chat/natter/services/gateway/frame"
)

// class says what may be done with a frame whose reader is slow.
type class int

const (
	// durable frames are never left out: events, answers, rooms.
	durable class = iota
	// state frames are left out over half full, since a newer state follows;
	// whoever puts them sends the whole state later.
	state
	// ephemeral frames are left out over half full for good.
	ephemeral
)

// verdict is what an outbox did with a frame.
type verdict int

const (
	// taken: it is in the queue, and somebody else flushes.
	taken verdict = iota
	// owed: it is in the queue, and the caller has to flush.
	owed
	// shed: it was left out, by its class or since the outbox has ended.
	shed
)

const (
	writeTimeout = 10 * time.Second
	writeChunk   = 64 << 10
	// closeGrace is how long the other side gets to answer a close frame.
	closeGrace = 2 * time.Second
	// flushRounds is how often one flush goes on with what came meanwhile,
	// before a goroutine of its own does: nobody else is kept waiting.
	flushRounds = 4
)

// outbox is the queue of bytes towards one client, in the one order in which
// everything reaches it: events, answers, pings, and what the WebSocket
// library writes by itself. Nothing that puts into it ever waits for the
// client.
//
// A put that finds it idle owes a flush. Who owes one may put more, into this
// outbox or others, before flushing: what has come until then goes out in one
// write. A flush does not wait either; what the socket does not take at once
// is left to a goroutine that lives until the queue is empty.
type outbox struct {
	conn    net.Conn
	raw     syscall.RawConn // nil where the socket cannot be written without waiting
	buffers *buffers
	limit   int    // bytes that may wait when more is put
	slow    func() // told once, in a goroutine of its own, when there is no room
	stalled func() // told when the socket takes nothing for too long; nil: nobody is

	mu      sync.Mutex
	pending *buffer // whole frames; nil: none
	writing int     // bytes taken from pending that the socket has not taken
	busy    bool    // somebody will flush, or is writing
	ended   bool    // nothing more is taken
	last    bool    // what is written last is the end of the stream
}

var errEnded = errors.New("the outbox has ended")

// size is the number of bytes that wait.
func (o *outbox) size() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.waiting()
}

func (o *outbox) waiting() int {
	if o.pending == nil {
		return o.writing
	}
	return o.writing + len(o.pending.bytes)
}

// calm tells whether frames of every class are taken.
func (o *outbox) calm() bool { return o.size() <= o.limit/2 }

// put queues whole WebSocket frames. The bytes are copied.
func (o *outbox) put(frames []byte, c class) verdict {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return shed
	}
	switch waiting := o.waiting(); {
	case c != durable && waiting > o.limit/2:
		return shed
	case waiting > o.limit: // what is put may be larger than that by itself: a page of long messages
		o.overflow()
	default:
		o.append(frames)
	}
	if o.busy {
		return taken
	}
	o.busy = true
	return owed
}

// overflow gives up what waits in favour of a close frame. What the socket has
// in part is still finished, so that the close frame can be read.
func (o *outbox) overflow() {
	o.ended = true
	o.release()
	o.append(frame.AppendClose(nil, closeSlow, "you read too slowly; come back and resume"))
	go o.slow()
}

func (o *outbox) append(frames []byte) {
	if o.pending == nil {
		o.pending = o.buffers.take()
	}
	o.pending.bytes = append(o.pending.bytes, frames...)
}

// finish queues last words, and takes nothing after them. It flushes itself.
func (o *outbox) finish(last []byte) {
	o.mu.Lock()
	if o.ended {
		o.mu.Unlock()
		return
	}
	o.ended = true
	if len(last) > 0 {
		o.append(last)
	}
	mine := !o.busy
	o.busy = true
	o.mu.Unlock()
	if mine {
		o.flush()
	}
}

// flush writes what waits, as far as the socket takes it without waiting. To
// be called by whom put told that it is owed, once.
func (o *outbox) flush() {
	for range flushRounds {
		b := o.next()
		if b == nil {
			return
		}
		n := o.try(b.bytes)
		o.wrote(n)
		if n < len(b.bytes) {
			go o.drain(b, n)
			return
		}
		o.buffers.free(b)
	}
	go o.drain(nil, 0)
}

// next takes what waits for writing. Where there is nothing, the debt is paid.
func (o *outbox) next() *buffer {
	o.mu.Lock()
	defer o.mu.Unlock()
	b := o.pending
	if b == nil {
		o.busy = false
		if o.ended {
			_ = o.conn.SetReadDeadline(time.Now().Add(closeGrace))
			o.shutDown()
		}
		return nil
	}
	o.pending, o.writing = nil, len(b.bytes)
	return b
}

// hangUp is finish, after which the client is told that nothing follows: it
// closed first, and this side has only to see that it got the answer.
func (o *outbox) hangUp(last []byte) {
	o.mu.Lock()
	o.last = true
	o.mu.Unlock()
	o.finish(last)
}

func (o *outbox) shutDown() {
	half, ok := o.conn.(interface{ CloseWrite() error })
	if ok && o.last {
		_ = half.CloseWrite()
	}
}

func (o *outbox) wrote(n int) {
	o.mu.Lock()
	o.writing -= n
	o.mu.Unlock()
}

// drain waits for the socket, for as long as it takes something every 10 s.
func (o *outbox) drain(b *buffer, done int) {
	for {
		for b != nil && done < len(b.bytes) {
			_ = o.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
			n, err := o.conn.Write(b.bytes[done:min(len(b.bytes), done+writeChunk)])
			done += n
			o.wrote(n)
			if err != nil {
				if errors.Is(err, os.ErrDeadlineExceeded) && o.stalled != nil {
					o.stalled()
				}
				o.abandon()
				return
			}
		}
		if b != nil {
			o.buffers.free(b)
			_ = o.conn.SetWriteDeadline(time.Time{}) // once it is over, nothing could be tried without waiting
		}
		if b, done = o.next(), 0; b == nil {
			return
		}
	}
}

// abandon cuts a connection that takes nothing more; its reader notices.
func (o *outbox) abandon() {
	o.mu.Lock()
	o.ended = true
	o.writing = 0
	o.release()
	o.mu.Unlock()
	_ = o.conn.Close()
}

func (o *outbox) release() {
	if o.pending != nil {
		o.buffers.free(o.pending)
		o.pending = nil
	}
}
