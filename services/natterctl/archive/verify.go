package archive

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"io"
)

// verify holds a file against its last line, and gives the size before it.
func verify(in io.Reader) (size int64, err error) {
	var sum hash.Hash = sha256.New()
	var before []byte // the line that may be the last
	reader := bufio.NewReaderSize(in, 1<<20)
	ended := false
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil {
			return 0, errors.New("it ends within a line: it is not whole")
		}
		if before != nil {
			sum.Write(before)
			size += int64(len(before))
			ended = bytes.HasPrefix(before, []byte(`{"natter":`)) && bytes.Contains(before, []byte(`"end":true`))
		}
		before = line
	}
	var c checksum
	switch {
	case json.Unmarshal(before, &c) != nil || c.SHA256 == "" || !ended:
		return 0, errors.New("it has no end: it is no backup, or not whole")
	case c.SHA256 != hex.EncodeToString(sum.Sum(nil)):
		return 0, errors.New("its checksum is another: it was changed or damaged")
	}
	return size, nil
}
