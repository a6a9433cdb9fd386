package access

import (
	"bufio"
	"bytes"
	"crypto/subtle"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/natter-chat/natter/services/internal/watchfile"
)

// maxFile is the most bytes of the file.
const maxFile = 1 << 20

// List is all lines of the file. It is not changed once made.
type List []Entry

// Parse reads the file's text. The error names the line.
func Parse(text []byte) (List, error) {
	var list List
	lines := bufio.NewScanner(bytes.NewReader(text))
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		e, err := parseEntry(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if n := list.index(e); n >= 0 {
			return nil, fmt.Errorf("line %d: %s has the proof of %s; each needs its own", number, e.Name, list[n].Name)
		}
		list = append(list, e)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("a line is too long: %w", err)
	}
	return list, nil
}

func (l List) index(e Entry) int {
	for i, other := range l {
		if e.Digest != nil && other.Digest != nil && *e.Digest == *other.Digest || e.Digest == nil && other.Digest == nil && e.Subject == other.Subject {
			return i
		}
	}
	return -1
}

// Token finds who holds a token at a moment. It takes one time whichever it is.
func (l List) Token(token string, now time.Time) (Entry, bool) {
	given := DigestOf(token)
	found := -1
	for i, e := range l {
		if e.Digest != nil && subtle.ConstantTimeCompare(e.Digest[:], given[:]) == 1 && e.holds(now) {
			found = i
		}
	}
	if found < 0 {
		return Entry{}, false
	}
	return l[found], true
}

// Certificate finds whose certificate it is, by its URIs before its common
// name. That its signer is trusted is the caller's to know.
func (l List) Certificate(cert *x509.Certificate, now time.Time) (Entry, bool) {
	subjects := make([]string, 0, 2)
	for _, uri := range cert.URIs {
		subjects = append(subjects, "URI="+uri.String())
	}
	if cert.Subject.CommonName != "" {
		subjects = append(subjects, "CN="+cert.Subject.CommonName)
	}
	for _, subject := range subjects {
		for _, e := range l {
			if e.Digest == nil && e.Subject == subject && e.holds(now) {
				return e, true
			}
		}
	}
	return Entry{}, false
}

func (e Entry) holds(now time.Time) bool { return e.Expires.IsZero() || now.Before(e.Expires) }

// File is the list in a file, as it stands there now.
type File = watchfile.Value[List]

// Open reads the file at path. The error does not show its content.
func Open(path string, log *slog.Logger) (*File, error) {
	return watchfile.New(log, func() (List, error) { return read(path) }, path)
}

func read(path string) (List, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxFile {
		return nil, errors.New("it is larger than 1 MiB")
	}
	list, err := Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}
