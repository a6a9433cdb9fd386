package history

import (
	"bytes"
	"encoding/json"
	"sync"
)

// Connection records one connection. Safe for concurrent use.
type Connection struct {
	recorder *Recorder
	number   int
	closed   sync.Once
}

// Frame takes a frame as it is sent or came. Tokens are not kept.
func (c *Connection) Frame(sent bool, frame []byte) {
	e := Entry{Kind: Got, Conn: c.number, Frame: bytes.Clone(frame)}
	if sent {
		e.Kind, e.Frame = Sent, withoutToken(e.Frame)
	}
	if !json.Valid(e.Frame) {
		e = Entry{Kind: Broke, Conn: c.number, Text: "no JSON came: " + string(frame)}
	}
	c.recorder.add(e)
}

// Broke says how natter broke its contract on the connection.
func (c *Connection) Broke(how string) {
	c.recorder.add(Entry{Kind: Broke, Conn: c.number, Text: how})
}

// Closed ends it, once.
func (c *Connection) Closed(how string) {
	c.closed.Do(func() { c.recorder.add(Entry{Kind: Closed, Conn: c.number, Text: how}) })
}

// withoutToken takes a hello's token away.
func withoutToken(frame []byte) []byte {
	var fields map[string]json.RawMessage
	var hello map[string]json.RawMessage
	if !bytes.Contains(frame, []byte(`"token"`)) || json.Unmarshal(frame, &fields) != nil || json.Unmarshal(fields["hello"], &hello) != nil {
		return frame
	}
	delete(hello, "token")
	fields["hello"], _ = json.Marshal(hello) // what was JSON is JSON
	clean, err := json.Marshal(fields)
	if err != nil {
		return nil
	}
	return clean
}
