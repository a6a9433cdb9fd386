package history

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// Read reads a history, one entry a line.
func Read(r io.Reader) ([]Entry, error) {
	var entries []Entry
	for d := json.NewDecoder(r); ; {
		var e Entry
		switch err := d.Decode(&e); {
		case errors.Is(err, io.EOF):
			return entries, nil
		case err != nil:
			return nil, fmt.Errorf("entry %d of the history: %w", len(entries)+1, err)
		}
		entries = append(entries, e)
	}
}

// Load reads a history's file.
func Load(path string) ([]Entry, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return Read(file)
}
