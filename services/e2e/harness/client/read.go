package client

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/gorilla/websocket"
)

// Closed is how a connection ended.
type Closed struct {
	// Code of the close frame; 1006 if there was none.
	Code   int
	Reason string
}

func (c *Closed) Error() string {
	return fmt.Sprintf("the connection was closed with %d %q", c.Code, c.Reason)
}

// read is the reader goroutine; it ends with the connection.
func (c *Client) read() {
	defer c.conn.Close()
	for {
		kind, message, err := c.conn.ReadMessage()
		if err != nil {
			c.ended(err)
			return
		}
		c.waitWhileStalled()
		c.take(kind, message)
	}
}

// waitWhileStalled waits for the gate that Stall holds.
func (c *Client) waitWhileStalled() {
	c.gate.Lock()
	defer c.gate.Unlock()
}

func (c *Client) ended(err error) {
	end := &Closed{Code: websocket.CloseAbnormalClosure, Reason: err.Error()}
	var closed *websocket.CloseError
	if errors.As(err, &closed) {
		end = &Closed{Code: closed.Code, Reason: closed.Text}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end = end
	c.tell()
}

func (c *Client) take(kind int, message []byte) {
	frame := Frame{Raw: message}
	if c.tap != nil {
		c.tap(false, message)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.tell()
	if kind != websocket.TextMessage {
		c.fault("a message of kind %d came", kind)
		return
	}
	if err := c.schema.conforms(message); err != nil {
		c.fault("%v, in %s", err, frame)
	}
	if err := json.Unmarshal(message, &frame); err != nil {
		c.fault("%v, in %s", err, frame)
		return
	}
	c.answer(frame)
	c.follow(frame)
	if frame.Goaway != nil && c.goaway != nil {
		c.goaway(frame.Goaway)
	}
	if c.observe == nil {
		c.frames = append(c.frames, frame)
	} else if frame.Event != nil {
		c.observe(frame.Event)
	}
}

// answer files a reply. It holds mu.
func (c *Client) answer(frame Frame) {
	if frame.Re == 0 {
		return
	}
	if _, asked := c.asked[frame.Re]; !asked {
		c.fault("nothing was asked that this answers: %s", frame)
	}
	if first, twice := c.replies[frame.Re]; twice {
		c.fault("a second reply: %s after %s", frame, first)
		return
	}
	c.replies[frame.Re] = frame
}

// fault keeps the first few. It holds mu.
func (c *Client) fault(format string, args ...any) {
	const most = 10
	if len(c.faults) < most {
		c.faults = append(c.faults, fmt.Errorf(format, args...))
	}
}

// Faults are where the server broke the contract on this connection.
func (c *Client) Faults() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return errors.Join(c.faults...)
}

// tell wakes who waits. It holds mu.
func (c *Client) tell() {
	close(c.news)
	c.news = make(chan struct{})
}
