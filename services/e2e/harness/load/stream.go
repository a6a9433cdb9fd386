package load

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/wire"
)

// Stream is one connection that sends as fast as it is acked, and costs as
// little as it can: one goroutine, no JSON parser, one write for all that may
// be sent.
type Stream struct {
	// Acked messages. To be read at any time.
	Acked atomic.Int64
	// Latencies from a send to its ack, in the order of the acks. To be read
	// after Run.
	Latencies []time.Duration

	conn   *wire.Conn
	room   string
	window int
	lastID uint32
	sent   []time.Time // by id modulo its length
	out    []byte
	json   []byte
}

// text of each message, 64 bytes.
const text = "The quick brown fox jumps over the lazy dog, sixty-four bytes..."

// NewStream connects, says hello, and enters the room by a request such as
// {"join":{"room":"a"}}, without its braces.
func NewStream(gateway, token, room, enter string, window int) (*Stream, error) {
	conn, err := wire.Dial(gateway, client.Subprotocol, client.Patience)
	if err != nil {
		return nil, err
	}
	s := &Stream{conn: conn, room: room, window: window, sent: make([]time.Time, 64)}
	for _, request := range []string{`"hello":{"token":"` + token + `"}`, enter} {
		if err := s.Ask(request); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return s, nil
}

// Ask makes one request and waits for its reply.
func (s *Stream) Ask(request string) error {
	if err := s.conn.SetDeadline(time.Now().Add(client.Patience)); err != nil {
		return err
	}
	s.lastID++
	frame := `{"id":` + strconv.Itoa(int(s.lastID)) + `,` + request + `}`
	if _, err := s.conn.Write(wire.Append(nil, wire.Text, []byte(frame))); err != nil {
		return err
	}
	for {
		opcode, payload, err := s.conn.Read()
		switch {
		case err != nil:
			return err
		case opcode == wire.Close:
			return fmt.Errorf("closed: %q", payload)
		case bytes.Contains(payload, []byte(`"error":`)):
			return errors.New(string(payload))
		case bytes.Contains(payload, []byte(`"re":`)):
			return nil
		}
	}
}

// Conn is the connection of a stream that does not run.
func (s *Stream) Conn() *wire.Conn { return s.conn }

// Close ends the connection of a stream that does not run.
func (s *Stream) Close() error { return s.conn.Close() }

// Run sends until stop is set, and then until all is acked.
func (s *Stream) Run(stop *atomic.Bool) error {
	defer s.conn.Close()
	if err := s.conn.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		return err
	}
	underWay := 0
	for {
		if !s.conn.Buffered() {
			for !stop.Load() && underWay < s.window {
				s.append()
				underWay++
			}
			if err := s.flush(); err != nil {
				return err
			}
			if underWay == 0 {
				return nil
			}
		}
		acked, err := s.read()
		if err != nil {
			return err
		}
		underWay -= acked
	}
}

// append adds a new message to what goes out next.
func (s *Stream) append() {
	s.lastID++
	s.sent[int(s.lastID)%len(s.sent)] = time.Now()
	s.json = strconv.AppendUint(append(s.json[:0], `{"id":`...), uint64(s.lastID), 10)
	s.json = append(append(s.json, `,"send":{"room":"`...), s.room...)
	s.json = strconv.AppendUint(append(s.json, `","clientMsgId":"m`...), uint64(s.lastID), 10)
	s.json = append(s.json, `","text":"`+text+`","attempt":1}}`...)
	s.out = wire.Append(s.out, wire.Text, s.json)
}

func (s *Stream) flush() error {
	if len(s.out) == 0 {
		return nil
	}
	_, err := s.conn.Write(s.out)
	s.out = s.out[:0]
	return err
}

// read takes one frame, and tells whether it was an ack.
func (s *Stream) read() (acked int, err error) {
	opcode, payload, err := s.conn.Read()
	switch {
	case err != nil:
		return 0, err
	case opcode == wire.Ping:
		s.out = wire.Append(s.out, wire.Pong, payload)
		return 0, s.flush()
	case opcode == wire.Close:
		return 0, fmt.Errorf("closed: %q", payload)
	}
	re := bytes.Index(payload, []byte(`"re":`))
	if re < 0 {
		return 0, nil // an event
	}
	if !bytes.Contains(payload, []byte(`"ack":`)) || !bytes.Contains(payload, []byte(`"DISK"`)) {
		return 0, fmt.Errorf("a send was answered with %s", payload)
	}
	id := uint32(0)
	for _, c := range payload[re+len(`"re":`):] {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + uint32(c-'0')
	}
	s.Latencies = append(s.Latencies, time.Since(s.sent[int(id)%len(s.sent)]))
	s.Acked.Add(1)
	return 1, nil
}
