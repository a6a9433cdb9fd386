package command

import (
	"bytes"
	"encoding/json"
	"io"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Formats of what is printed.
const (
	FormatTable = "table"
	FormatJSON  = "json"
)

// Env is where a command reads and prints.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	// Format is FormatTable or FormatJSON.
	Format string
	// Interactive: a person is at the terminal, and can be asked.
	Interactive bool
}

// Print prints the server's answer in JSON, or what table makes of it.
func (e *Env) Print(answer proto.Message, table func(*Table)) error {
	if e.Format == FormatJSON {
		return e.printJSON(answer)
	}
	t := newTable()
	table(t)
	return t.write(e.Stdout)
}

// PrintAll is Print of several answers, each with a name.
func (e *Env) PrintAll(answers any, table func(*Table)) error {
	if e.Format == FormatJSON {
		return e.writeJSON(answers)
	}
	t := newTable()
	table(t)
	return t.write(e.Stdout)
}

func (e *Env) printJSON(answer proto.Message) error {
	data, err := JSON(answer)
	if err != nil {
		return err
	}
	return e.writeJSON(data)
}

// JSON is a server's answer, every field of it.
func JSON(answer proto.Message) (json.RawMessage, error) {
	return protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(answer)
}

func (e *Env) writeJSON(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var out bytes.Buffer // protojson puts in spaces as it likes: another build, other bytes
	if err := json.Indent(&out, data, "", "  "); err != nil {
		return err
	}
	out.WriteByte('\n')
	_, err = out.WriteTo(e.Stdout)
	return err
}

// JSON prints what is no server's answer.
func (e *Env) JSON(value any) error {
	encoder := json.NewEncoder(e.Stdout)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}
