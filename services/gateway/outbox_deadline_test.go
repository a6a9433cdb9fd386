package gateway

import (
	"bytes"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// deadlined is a socket that knows the deadline of its writes.
type deadlined struct {
	net.Conn
	mu sync.Mutex
	at time.Time
}

func (d *deadlined) SetWriteDeadline(at time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = at
	return d.Conn.SetWriteDeadline(at)
}

// expire lets the time come at which the deadline is over, if there is one.
func (d *deadlined) expire() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.at.IsZero() {
		return nil
	}
	return d.Conn.SetWriteDeadline(time.Unix(1, 0))
}

// TestAfterASlowWriteFlushesGoOnAtOnce: once a reader that was slow has read
// everything, and 10 s more are over, a flush writes by itself again.
func TestAfterASlowWriteFlushesGoOnAtOnce(t *testing.T) {
	o, client, _ := testOutbox(t, 1<<30)
	conn := &deadlined{Conn: o.conn}
	o.conn = conn
	block, total := bytes.Repeat([]byte("x"), 64<<10), int64(0)
	put := func() {
		total += int64(len(block))
		if o.put(block, durable) == owed {
			o.flush()
		}
	}
	for o.size() == 0 { // the client does not read
		put()
	}
	if err := client.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, client, total); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nothing is to be flushed", func() bool { return !o.unsettled() })
	if err := conn.expire(); err != nil {
		t.Fatal(err)
	}
	block, total = []byte("y"), 0
	put()
	if o.raw != nil && o.unsettled() {
		t.Error("a flush left the work to a goroutine, though the socket has room")
	}
	got := make([]byte, 1)
	if _, err := io.ReadFull(client, got); err != nil || got[0] != 'y' {
		t.Errorf("after a slow write came %q (%v)", got, err)
	}
}
