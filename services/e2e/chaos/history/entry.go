package history

import "encoding/json"

// Kind of an entry.
type Kind string

// The kinds, and the fields that each has beside At.
const (
	// Began: the run; Name is the shape, Text its settings.
	Began Kind = "began"
	// Opened: a connection, by User's Device.
	Opened Kind = "opened"
	// Sent and Got: a frame on a connection, without tokens.
	Sent Kind = "sent"
	Got  Kind = "got"
	// Closed: a connection; Text says how.
	Closed Kind = "closed"
	// Broke: natter broke its contract on a connection, or a program told of a
	// race or a panic, or nothing was acked any more; Text says how.
	Broke Kind = "broke"
	// Fault and Healed: the fault Name, numbered by Fault, began and is over.
	Fault  Kind = "fault"
	Healed Kind = "healed"
	// Quiet: from here on nothing is asked that changes anything.
	Quiet Kind = "quiet"
	// Final: what is stored of a room in the end; Frame is a [Room].
	Final Kind = "final"
)

// Entry is one line.
type Entry struct {
	// At is when, in microseconds since the run began, by a clock that only goes
	// forward. Entries stand in this order.
	At     int64           `json:"at"`
	Kind   Kind            `json:"kind"`
	Conn   int             `json:"conn,omitempty"` // from 1
	User   string          `json:"user,omitempty"`
	Device string          `json:"device,omitempty"`
	Name   string          `json:"name,omitempty"`
	Fault  int             `json:"fault,omitempty"` // from 1
	Text   string          `json:"text,omitempty"`
	Frame  json.RawMessage `json:"frame,omitempty"`
}
