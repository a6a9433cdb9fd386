package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// ExportRoom is `export room`.
type ExportRoom struct {
	command.Long

	Room string `arg:"" help:"Room id."`
	File string `arg:"" help:"File to write. It is called FILE.part until all is there; a part of the last hour is gone on with."`
}

// Run writes the file.
func (e *ExportRoom) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	return write(env, e.File, partKept, func(at last, w *os.File, bar io.Writer) error {
		stream, err := client.Messages.Export(ctx, &historyv1.MessagesExportRequest{Room: e.Room, After: at.Seq})
		if err != nil {
			return err
		}
		return pour(io.MultiWriter(w, bar), func() ([]byte, error) {
			piece, err := stream.Recv()
			return piece.GetLines(), err
		})
	}, func(at last) bool { return at.Room == e.Room })
}

// ExportUser is `export user`.
type ExportUser struct {
	command.Long

	User string `arg:"" help:"User id; a guest's too."`
	File string `arg:"" help:"File to write. It is called FILE.part until all is there; a part of the last hour is gone on with."`
}

// Run writes the file.
func (e *ExportUser) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	return write(env, e.File, partKept, func(at last, w *os.File, bar io.Writer) error {
		stream, err := client.Users.Export(ctx, &historyv1.UsersExportRequest{User: e.User, AfterRoom: at.Room, AfterSeq: at.Seq})
		if err != nil {
			return err
		}
		return pour(io.MultiWriter(w, bar), func() ([]byte, error) {
			piece, err := stream.Recv()
			return piece.GetLines(), err
		})
	}, func(at last) bool { return at.User == e.User })
}

// pour writes pieces until there are no more.
func pour(w io.Writer, receive func() ([]byte, error)) error {
	for {
		piece, err := receive()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := w.Write(piece); err != nil {
			return err
		}
	}
}

// write writes a file by way of its part, which a next run within a time goes on with.
func write(env *command.Env, path string, kept time.Duration, fill func(at last, w *os.File, bar io.Writer) error, same func(last) bool) error {
	part, err := openPart(path, kept)
	if err != nil {
		return err
	}
	defer part.file.Close()
	if !part.at.empty() && !same(part.at) {
		return &command.Advised{Err: fmt.Errorf("%s.part is of something else", path), Next: "remove it, or write to another file."}
	}
	bar := command.NewProgress(env.Stderr, -1, "wrote", "bytes")
	err = fill(part.at, part.file, bar)
	bar.Finish()
	if size, statErr := part.file.Seek(0, io.SeekEnd); err != nil && (kept == 0 || size == 0 && statErr == nil) {
		return errors.Join(err, os.Remove(path+".part")) // nothing to go on with
	}
	if err != nil {
		return &command.Advised{Err: err, Next: "repeat the same command: it goes on with " + path + ".part."}
	}
	if err := part.finish(path); err != nil {
		return err
	}
	fmt.Fprintf(env.Stderr, "wrote %s\n", path)
	return nil
}
