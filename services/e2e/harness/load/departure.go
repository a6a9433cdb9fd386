package load

import (
	"sync"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// departure ends a connection when the server asked for it. It may ask before
// the connection is handed over.
type departure struct {
	mu    sync.Mutex
	conn  *client.Client
	after time.Duration
	asked bool
}

// told takes the server's word, where it is obeyed.
func (d *departure) told(obeys bool) func(*client.Goaway) {
	if !obeys {
		return nil
	}
	return func(g *client.Goaway) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.asked, d.after = true, time.Duration(g.AfterMs)*time.Millisecond
		d.leave()
	}
}

// of is the connection that is to end.
func (d *departure) of(c *client.Client) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.conn = c
	d.leave()
}

func (d *departure) leave() {
	if d.conn != nil && d.asked {
		conn := d.conn
		time.AfterFunc(d.after, func() { _ = conn.Close() })
	}
}
