package archive

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/natter-chat/natter/services/natterctl/command"
)

// maxLine bounds a line of a file; a message has much less.
const maxLine = 1 << 20

// Import is `import`.
type Import struct {
	command.Long

	File string `arg:"" help:"File of JSON Lines, as export writes it or as EXPORT.md says; - reads stdin. It may be imported again, also after it was cut short: what is there is left as it is."`
}

// Run imports the file.
func (i *Import) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	in, size := env.Stdin, int64(-1)
	if i.File != "-" {
		file, err := os.Open(i.File)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		in, size = file, info.Size()
	}
	return i.take(ctx, env, client, in, size)
}

// take imports what there is to read.
func (i *Import) take(ctx context.Context, env *command.Env, client *command.Client, in io.Reader, size int64) error {
	bar := command.NewProgress(env.Stderr, size, "read", "bytes")
	im := newImporter(ctx, client)
	err := readLines(io.TeeReader(in, bar), im.line)
	if err == nil {
		err = im.flush()
	}
	bar.Finish()
	if err != nil {
		return im.failed(i.File, err)
	}
	fmt.Fprintf(env.Stdout, "imported %s: %d events, %d of them new\n", i.File, im.events, im.added)
	if im.webhooks > 0 {
		fmt.Fprintf(env.Stderr, "%d webhooks are there, disabled: natterctl webhook list tells them, and natterctl webhook update ID --enable lets one begin with what comes now.\n", im.webhooks)
	}
	return nil
}

// readLines hands over the lines that are not empty, by number.
func readLines(in io.Reader, take func(number int, text []byte) error) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(make([]byte, 64<<10), maxLine)
	number := 0
	for scanner.Scan() {
		if number++; len(scanner.Bytes()) == 0 {
			continue
		}
		if err := take(number, scanner.Bytes()); err != nil {
			return err
		}
	}
	if errors.Is(scanner.Err(), bufio.ErrTooLong) {
		return &lineError{number + 1, errors.New("the line is longer than 1 MiB")}
	}
	return scanner.Err()
}
