package chaos

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/natter-chat/natter/services/e2e/chaos/checker"
)

// Summary is what a run came to.
type Summary struct {
	Shape string
	Seed  uint64
	// Faults that happened, by name.
	Faults map[string]int
	// Acked changes, and connections that took up where another was.
	Acked, Resumed int64
	// Entries of the history.
	Entries int
	Took    time.Duration
	// Violations of promises: none, if all is well.
	Violations []checker.Violation
	// File of the history.
	File string
}

// Count of all faults.
func (s *Summary) Count() int {
	n := 0
	for _, count := range s.Faults {
		n += count
	}
	return n
}

func (s *Summary) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, seed %d: %d faults in %s, %d changes acked, %d resumes, %d entries\n", s.Shape, s.Seed, s.Count(), s.Took.Round(time.Second), s.Acked, s.Resumed, s.Entries)
	for _, name := range slices.Sorted(maps.Keys(s.Faults)) {
		fmt.Fprintf(&b, "  %4d × %s\n", s.Faults[name], name)
	}
	if len(s.Violations) == 0 {
		b.WriteString("nothing lost, doubled, reordered or leaked\n")
		return b.String()
	}
	fmt.Fprintf(&b, "%d VIOLATIONS; the history is in %s\n", len(s.Violations), s.File)
	for _, v := range s.Violations {
		fmt.Fprintf(&b, "  %s\n", v)
	}
	return b.String()
}
