// Package wire is WebSocket by hand: for frames that no library would send,
// and for load that costs next to nothing to make.
package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Opcodes of RFC 6455.
const (
	Text   = 1
	Binary = 2
	Close  = 8
	Ping   = 9
	Pong   = 10
)

// mask is the key of all frames. It must be there, and may be any; with zeros
// the masked payload is the payload.
var mask = [4]byte{}

// Conn is one connection. One goroutine may read and another write.
type Conn struct {
	net.Conn
	r *bufio.Reader
}

// Dial connects to a gateway, such as "http://127.0.0.1:8080", and upgrades. A
// query in its URL goes along.
func Dial(gateway, subprotocol string, timeout time.Duration) (*Conn, error) {
	u, err := url.Parse(gateway)
	if err != nil {
		return nil, err
	}
	plain, err := net.DialTimeout("tcp", u.Host, timeout)
	if err != nil {
		return nil, err
	}
	c := &Conn{Conn: plain, r: bufio.NewReaderSize(plain, 16<<10)}
	if err := c.upgrade(u, subprotocol, timeout); err != nil {
		plain.Close()
		return nil, err
	}
	return c, nil
}

func (c *Conn) upgrade(u *url.URL, subprotocol string, timeout time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	target := url.URL{Path: "/v1/ws", RawQuery: u.RawQuery}
	_, err := fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n\r\n", target.RequestURI(), u.Host, subprotocol)
	if err != nil {
		return err
	}
	response, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("the upgrade was answered with %s", response.Status)
	}
	return c.SetDeadline(time.Time{})
}

// Append appends a whole, final, masked frame to dst.
func Append(dst []byte, opcode byte, payload []byte) []byte {
	return append(AppendHeader(dst, 0x80|opcode, 0x80, len(payload)), payload...)
}

// AppendHeader appends a header: its first byte as given, the mask bit 0x80 or
// 0, the length as size says. Where the mask bit is set the key follows.
func AppendHeader(dst []byte, first, masked byte, size int) []byte {
	switch {
	case size >= 0 && size < 126:
		dst = append(dst, first, masked|byte(size))
	case size >= 0 && size < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, first, masked|126), uint16(size))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, first, masked|127), uint64(size))
	}
	if masked != 0 {
		dst = append(dst, mask[:]...)
	}
	return dst
}

// Read reads one frame of the server's. The payload is valid until the next
// call if it fits into the buffer (16 KiB).
func (c *Conn) Read() (opcode byte, payload []byte, err error) {
	head, err := c.r.Peek(2)
	if err != nil {
		return 0, nil, err
	}
	opcode = head[0] & 0x0f
	if head[0]&0xf0 != 0x80 || head[1]&0x80 != 0 {
		return 0, nil, fmt.Errorf("the server sent a frame with header % x", head)
	}
	size, skip := int(head[1]), 2
	if size >= 126 {
		if size, skip, err = c.longSize(size); err != nil {
			return 0, nil, err
		}
	}
	if _, err := c.r.Discard(skip); err != nil {
		return 0, nil, err
	}
	payload, err = c.payload(size)
	return opcode, payload, err
}

func (c *Conn) longSize(mark int) (size, skip int, err error) {
	skip = 4
	if mark == 127 {
		skip = 10
	}
	head, err := c.r.Peek(skip)
	if err != nil {
		return 0, 0, err
	}
	if mark == 126 {
		return int(binary.BigEndian.Uint16(head[2:])), skip, nil
	}
	wide := binary.BigEndian.Uint64(head[2:])
	if wide > 1<<24 {
		return 0, 0, errors.New("the server sent a frame of more than 16 MiB")
	}
	return int(wide), skip, nil
}

func (c *Conn) payload(size int) ([]byte, error) {
	if size <= c.r.Size() {
		payload, err := c.r.Peek(size)
		if err != nil {
			return nil, err
		}
		_, err = c.r.Discard(size) // the bytes stay until the next read
		return payload, err
	}
	payload := make([]byte, size)
	_, err := io.ReadFull(c.r, payload)
	return payload, err
}

// CloseWrite ends what is sent, and goes on to read.
func (c *Conn) CloseWrite() error { return c.Conn.(*net.TCPConn).CloseWrite() }

// Reset ends the connection without a word, as a crash does.
func (c *Conn) Reset() error {
	if err := c.Conn.(*net.TCPConn).SetLinger(0); err != nil {
		return err
	}
	return c.Close()
}

// Buffered tells whether more has come than was read.
func (c *Conn) Buffered() bool { return c.r.Buffered() > 0 }

// ReadClose reads until the server closes, and gives the code: 1006 without a
// close frame.
func (c *Conn) ReadClose(timeout time.Duration) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return 0, err
	}
	for {
		opcode, payload, err := c.Read()
		var late net.Error
		switch {
		case errors.As(err, &late) && late.Timeout():
			return 0, fmt.Errorf("not closed within %s", timeout)
		case err != nil:
			return 1006, nil
		case opcode == Close && len(payload) >= 2:
			return int(binary.BigEndian.Uint16(payload)), nil
		case opcode == Close:
			return 1005, nil
		}
	}
}
