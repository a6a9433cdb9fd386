// Package proxy is a network that can be broken: it stands between a client
// and a server, and cuts, holds up or slows down what goes through.
package proxy

import (
	"net"
	"sync"
	"time"
)

// chunk is the most that goes through at a time, in bytes.
const chunk = 32 << 10

// Proxy passes TCP connections on to one address. Its methods may be called
// by several goroutines.
type Proxy struct {
	listener net.Listener
	target   string

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	cut   bool
	open  chan struct{} // closed while bytes go through
	delay time.Duration
	work  sync.WaitGroup
}

// Start listens on a free port of 127.0.0.1 and passes on to target, a
// host:port that need not be there yet.
func Start(target string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, target: target, conns: map[net.Conn]struct{}{}, open: make(chan struct{})}
	close(p.open)
	p.work.Go(p.accept)
	return p, nil
}

// Addr is the host:port to connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut ends all connections, and each new one at once, until [Proxy.Heal].
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for c := range p.conns {
		_ = c.Close()
	}
}

// Hold lets nothing through, in either direction, and ends nothing: what is
// sent waits until [Proxy.Heal]. New connections are accepted and held, too.
func (p *Proxy) Hold() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passing() {
		p.open = make(chan struct{})
	}
}

// Delay holds up everything for a time, in each direction; 0 ends that.
func (p *Proxy) Delay(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.delay = d
}

// Heal ends a cut or a hold.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	if !p.passing() {
		close(p.open)
	}
}

// passing tells whether bytes go through. mu is held.
func (p *Proxy) passing() bool {
	select {
	case <-p.open:
		return true
	default:
		return false
	}
}

// Close ends all, and waits for it.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.Cut()
	p.mu.Lock()
	if !p.passing() {
		close(p.open) // whoever waits finds a closed connection
	}
	p.mu.Unlock()
	p.work.Wait()
	return err
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.work.Go(func() { p.connect(client) })
	}
}

// connect passes one connection on until either side ends it.
func (p *Proxy) connect(client net.Conn) {
	defer client.Close()
	if !p.keep(client) {
		return
	}
	defer p.drop(client)
	p.wait()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return
	}
	defer server.Close()
	if !p.keep(server) {
		return
	}
	defer p.drop(server)
	both := sync.WaitGroup{}
	both.Go(func() { p.pass(client, server) })
	both.Go(func() { p.pass(server, client) })
	both.Wait()
}

// keep makes a connection one that a cut ends; there is none during a cut.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) drop(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// pass copies one direction. Its end is the end of both.
func (p *Proxy) pass(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	b := make([]byte, chunk)
	for {
		n, err := from.Read(b)
		if n > 0 {
			p.wait()
			if _, err := to.Write(b[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// wait is as long as a hold, and a delay.
func (p *Proxy) wait() {
	p.mu.Lock()
	open, delay := p.open, p.delay
	p.mu.Unlock()
	<-open
	if delay > 0 {
		<-time.After(delay)
	}
}
