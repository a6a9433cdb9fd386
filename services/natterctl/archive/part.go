package archive

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// last is where an export stopped: its subject, and the last event it has.
type last struct {
	User string
	Room string
	Seq  uint32
}

func (l last) empty() bool { return l == last{} }

// part is a file that is being written.
type part struct {
	file *os.File
	at   last
}

// partKept is how long a part may be gone on with: what was deleted or erased since
// would still be in it.
const partKept = time.Hour

// openPart opens what an export before left behind within a time, cut after its
// last whole event, or begins anew.
func openPart(path string, kept time.Duration) (*part, error) {
	if _, err := os.Stat(path); err == nil {
		return nil, fmt.Errorf("%s is there already", path)
	}
	file, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	p := &part{file: file}
	whole := int64(0)
	if info, statErr := file.Stat(); statErr != nil || time.Since(info.ModTime()) < kept {
		whole, err = p.look()
	}
	if err == nil {
		err = file.Truncate(whole)
	}
	if err == nil {
		_, err = file.Seek(whole, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return p, nil
}

// look finds how many bytes can be kept.
func (p *part) look() (whole int64, err error) {
	in := bufio.NewReaderSize(p.file, 1<<20)
	for offset := int64(0); ; {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil // what has no end is cut
		}
		if err != nil {
			return 0, err
		}
		offset += int64(len(line))
		var l struct {
			Natter struct{ User, Room string }
			Event  struct {
				Room string
				Seq  uint32
			}
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return 0, fmt.Errorf("%s is no export: remove it", p.file.Name())
		}
		switch {
		case l.Natter.User != "":
			p.at.User = l.Natter.User
		case l.Natter.Room != "":
			p.at.Room = l.Natter.Room
		}
		if bytes.HasPrefix(line, []byte(`{"event"`)) {
			p.at.Room, p.at.Seq, whole = l.Event.Room, l.Event.Seq, offset
		}
	}
}

// finish gives the file its name, when all of it is on the disk.
func (p *part) finish(path string) error {
	if err := p.file.Sync(); err != nil {
		return err
	}
	if err := p.file.Close(); err != nil {
		return err
	}
	return os.Rename(path+".part", path)
}
