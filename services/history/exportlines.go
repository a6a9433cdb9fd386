package history

import (
	"bytes"
	"encoding/json"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

const (
	// exportVersion and backupVersion are those of the lines; a reader refuses a
	// higher one. A backup has had revocations since 2, and webhooks since 3.
	exportVersion = 1
	backupVersion = 3
	// exportBytes is about how much of a file is sent at once.
	exportBytes = 128 << 10
)

// exportLines gathers lines of JSON and sends them in pieces. The format is in
// EXPORT.md beside natterctl.
type exportLines struct {
	send func([]byte) error
	buf  bytes.Buffer
}

// header is the line that says what the file is.
func (l *exportLines) header(what, id string) error {
	return l.about(map[string]any{"format": "export", "version": exportVersion, what: id})
}

func (l *exportLines) about(file map[string]any) error {
	line, err := json.Marshal(map[string]any{"natter": file})
	if err != nil {
		return err
	}
	return l.add(line)
}

// event is a line for an event; how it came about is left out.
func (l *exportLines) event(e *chatv1.Event) error {
	if e.GetCommandId() != "" {
		e = proto.CloneOf(e)
		e.CommandId = ""
	}
	return l.message("event", e)
}

// message is a line with one field.
func (l *exportLines) message(name string, m proto.Message) error {
	text, err := protojson.Marshal(m)
	if err != nil {
		return err
	}
	line := bytes.NewBufferString(`{"` + name + `":`)
	if err := json.Compact(line, text); err != nil { // its spaces are random
		return err
	}
	line.WriteByte('}')
	return l.add(line.Bytes())
}

func (l *exportLines) add(line []byte) error {
	if l.buf.Len() > 0 && l.buf.Len()+len(line) >= exportBytes {
		if err := l.flush(); err != nil {
			return err
		}
	}
	l.buf.Write(line)
	l.buf.WriteByte('\n')
	return nil
}

// flush sends what waits.
func (l *exportLines) flush() error {
	if l.buf.Len() == 0 {
		return nil
	}
	piece := bytes.Clone(l.buf.Bytes())
	l.buf.Reset()
	return l.send(piece)
}
