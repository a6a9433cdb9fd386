package sqlite

import (
	"strings"
	"testing"
)

// TestSearchWalksTheIndex: nothing is gathered and sorted before the first hit.
func TestSearchWalksTheIndex(t *testing.T) {
	s, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.read.Query("EXPLAIN QUERY PLAN "+searchQuery, `"word"`, 1<<62, "ana", false, 1, 3, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var plan strings.Builder
	for rows.Next() {
		var a, b, c int
		var step string
		if err := rows.Scan(&a, &b, &c, &step); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(step + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"VIRTUAL TABLE INDEX", "messages_by_doc", "SEARCH r USING INTEGER PRIMARY KEY"} {
		if !strings.Contains(plan.String(), want) {
			t.Errorf("no %q in\n%s", want, plan.String())
		}
	}
	for _, never := range []string{"TEMP B-TREE", "SCAN m", "SCAN r\n"} {
		if strings.Contains(plan.String(), never) {
			t.Errorf("%q in\n%s", never, plan.String())
		}
	}
}
