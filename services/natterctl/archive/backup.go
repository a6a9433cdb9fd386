package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Backup is `backup`.
type Backup struct {
	command.Long

	File string `arg:"" help:"File to write. It is called FILE.part until all is there."`
}

// Run writes the file, and last a line with its checksum. It always begins anew: a
// part of another time may have what was erased since, or be of another deployment.
func (b *Backup) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	return write(env, b.File, 0, func(_ last, w *os.File, bar io.Writer) error {
		stream, err := client.Store.Backup(ctx, &historyv1.BackupRequest{})
		if err != nil {
			return err
		}
		if err := pour(io.MultiWriter(w, bar), func() ([]byte, error) {
			piece, err := stream.Recv()
			return piece.GetLines(), err
		}); err != nil {
			return err
		}
		return seal(w)
	}, func(last) bool { return true })
}

// checksum is the last line of a backup.
type checksum struct {
	SHA256 string `json:"sha256"`
}

// seal adds the checksum of all that is in a file, which is read back for that.
func seal(file *os.File) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return err
	}
	line, err := json.Marshal(checksum{hex.EncodeToString(sum.Sum(nil))})
	if err != nil {
		return err
	}
	_, err = file.Write(append(line, '\n'))
	return err
}
