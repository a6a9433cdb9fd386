package command

import (
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

func (e *Env) printJSON(answer proto.Message) error {
	data, err := protojson.MarshalOptions{EmitUnpopulated: true, Multiline: true, Indent: "  "}.Marshal(answer)
	if err != nil {
		return err
	}
	_, err = e.Stdout.Write(append(data, '\n'))
	return err
}
