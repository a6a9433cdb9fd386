package secret

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// MinLength is the least length of a secret in bytes.
const MinLength = 16

// Check refuses a secret that could be guessed: too short, or one that is
// found in examples. The error begins with name, such as "NATTER_SERVICE_TOKEN",
// says how to make a better one, and does not hold the value.
func Check(name, value string) error {
	const instead = "; make one with: openssl rand -base64 32 (or all of a deployment's with: natterctl secrets DIR)"
	switch {
	case value == "":
		return fmt.Errorf("%s is empty%s", name, instead)
	case isSample(value):
		return fmt.Errorf("%s is a secret from an example, or of words that people make secrets of%s", name, instead)
	case len(value) < MinLength:
		return fmt.Errorf("%s has %d bytes, and must have at least %d%s", name, len(value), MinLength, instead)
	case distinct(value) < 5:
		return fmt.Errorf("%s is too easy to guess%s", name, instead)
	}
	return nil
}

func distinct(value string) int {
	var seen [256]bool
	count := 0
	for i := range len(value) {
		if !seen[value[i]] {
			seen[value[i]] = true
			count++
		}
	}
	return count
}

// New makes a secret of at least 128 bits, in letters and digits.
func New() string { return rand.Text() + rand.Text() }

// Keep reads the secret that is kept in the file at path, or makes one there,
// readable by its owner alone (mode 0600).
func Keep(path string) (string, error) {
	value, err := read(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return value, err
	}
	if err := write(path, New()); err != nil {
		return "", fmt.Errorf("keep a secret: %w", err)
	}
	return read(path)
}

func read(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	value := strings.TrimSpace(string(content))
	return value, Check(path, value)
}

// write makes the whole file or nothing, and never replaces one.
func write(path, value string) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".secret-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.WriteString(value + "\n")
	err = errors.Join(err, file.Sync(), file.Close())
	if err != nil {
		return err
	}
	err = os.Link(file.Name(), path) // unlike a rename it replaces nothing
	if err == nil || errors.Is(err, fs.ErrExist) {
		return nil
	}
	return os.Rename(file.Name(), path) // on file systems without links
}
