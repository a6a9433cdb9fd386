package access

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Entry is a line of the file: what proves that one is Name.
type Entry struct {
	// Name of who it is, for the audit and for people.
	Name string
	// Scopes of an admin; none for a service.
	Scopes Scopes
	// Service says that it is one of natter's own services.
	Service bool
	// Digest of the token; nil where a certificate is the proof.
	Digest *Digest
	// Subject of the certificate, "CN=…" or "URI=…"; empty where a token is
	// the proof.
	Subject string
	// Expires is from when on it no longer holds; zero: never.
	Expires time.Time
}

// Digest is the SHA-256 of a token.
type Digest [sha256.Size]byte

// DigestOf a token.
func DigestOf(token string) Digest { return sha256.Sum256([]byte(token)) }

func (d Digest) String() string { return digestPrefix + hex.EncodeToString(d[:]) }

const (
	digestPrefix = "sha256:"
	certPrefix   = "cert:"
	serviceScope = "service"
	maxSubject   = 256 // bytes
)

var names = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,63}$`)

// CheckName refuses what is no name of an admin.
func CheckName(name string) error {
	if !names.MatchString(name) {
		return fmt.Errorf("the name %.70q is not 1 to 64 letters, digits and . _ @ -, beginning with a letter or digit", name)
	}
	return nil
}

// String is the line.
func (e Entry) String() string {
	scopes, proof := e.Scopes.String(), certPrefix+e.Subject
	if e.Service {
		scopes = serviceScope
	}
	if e.Digest != nil {
		proof = e.Digest.String()
	}
	line := e.Name + " " + scopes + " " + proof
	if !e.Expires.IsZero() {
		line += " " + e.Expires.UTC().Format(time.RFC3339)
	}
	return line
}

func parseEntry(line string) (Entry, error) {
	fields := strings.Fields(line)
	if len(fields) < 3 || len(fields) > 4 {
		return Entry{}, errors.New("a line is: name scopes sha256:… or cert:…, and perhaps when it expires")
	}
	e := Entry{Name: fields[0]}
	if err := CheckName(e.Name); err != nil {
		return Entry{}, err
	}
	var err error
	if e.Service = fields[1] == serviceScope; !e.Service {
		if e.Scopes, err = ParseScopes(fields[1]); err != nil {
			return Entry{}, err
		}
	}
	if err := e.prove(fields[2]); err != nil {
		return Entry{}, err
	}
	if len(fields) == 4 {
		e.Expires, err = time.Parse(time.RFC3339, fields[3])
		if e.Expires = e.Expires.UTC(); err != nil || e.Expires.Year() > 9999 {
			return Entry{}, fmt.Errorf("%.40q is no time like 2027-01-31T00:00:00Z", fields[3])
		}
	}
	return e, nil
}

// prove reads the proof. An error does not show it: it may be a token that
// somebody put here.
func (e *Entry) prove(proof string) error {
	if subject, ok := strings.CutPrefix(proof, certPrefix); ok {
		kind, name, _ := strings.Cut(subject, "=")
		if kind != "CN" && kind != "URI" || name == "" || len(subject) > maxSubject {
			return errors.New("a certificate's subject is cert:CN=<common name> or cert:URI=<uri>, of at most 256 bytes and without spaces")
		}
		e.Subject = subject
		return nil
	}
	text, ok := strings.CutPrefix(proof, digestPrefix)
	sum, err := hex.DecodeString(text)
	if !ok || err != nil || len(sum) != sha256.Size {
		return errors.New("the proof is neither sha256: with 64 hexadecimal digits nor cert: with a subject; natterctl secrets admin-token prints the line for a new token")
	}
	e.Digest = (*Digest)(sum)
	return nil
}
