package history

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"time"
)

// Recorder writes a history into a file as it happens, and keeps it. Safe for
// concurrent use.
type Recorder struct {
	began time.Time

	mu      sync.Mutex
	file    *os.File
	out     *bufio.Writer
	entries []Entry
	conns   int
	faults  int
	closed  bool
	err     error
}

// Record begins a history in a file, which it makes.
func Record(path, shape, settings string) (*Recorder, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	r := &Recorder{began: time.Now(), file: file, out: bufio.NewWriterSize(file, 1<<20)}
	r.add(Entry{Kind: Began, Name: shape, Text: settings})
	return r, nil
}

// add gives the entry its time, so that the order is that of the clock.
func (r *Recorder) add(e Entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.addLocked(e)
}

func (r *Recorder) addLocked(e Entry) {
	if r.closed {
		return
	}
	e.At = time.Since(r.began).Microseconds()
	r.entries = append(r.entries, e)
	line, err := json.Marshal(e)
	if err == nil {
		_, err = r.out.Write(append(line, '\n'))
	}
	r.err = errors.Join(r.err, err)
}

// Open is a new connection of a user's device.
func (r *Recorder) Open(user, device string) *Connection {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.conns++
	r.addLocked(Entry{Kind: Opened, Conn: r.conns, User: user, Device: device})
	return &Connection{recorder: r, number: r.conns}
}

// Broke says that natter broke its contract.
func (r *Recorder) Broke(how string) { r.add(Entry{Kind: Broke, Text: how}) }

// Quiet says that from now on nothing changes.
func (r *Recorder) Quiet() { r.add(Entry{Kind: Quiet}) }

// Fault begins a fault; what it returns ends it.
func (r *Recorder) Fault(name string) (healed func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.faults++
	number := r.faults
	r.addLocked(Entry{Kind: Fault, Name: name, Fault: number})
	return func() { r.add(Entry{Kind: Healed, Name: name, Fault: number}) }
}

// Room is what is stored of a room.
func (r *Recorder) Room(room *Room) error {
	frame, err := json.Marshal(room)
	if err != nil {
		return err
	}
	r.add(Entry{Kind: Final, Name: room.Room, Frame: frame})
	return nil
}

// Entries are those so far. They must not be changed.
func (r *Recorder) Entries() []Entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.entries[:len(r.entries):len(r.entries)]
}

// Close ends the history and its file: nothing is taken any more. An error is
// the first that writing had.
func (r *Recorder) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	return errors.Join(r.err, r.out.Flush(), r.file.Close())
}
