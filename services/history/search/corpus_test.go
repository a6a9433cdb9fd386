package search

import (
	"os"
	"strings"
	"testing"
	"unicode/utf16"
)

// TestSentencesAreFoundByAnyPair: real sentences, by every two and three
// characters that stand together in them, and marked there.
func TestSentencesAreFoundByAnyPair(t *testing.T) {
	for _, name := range []string{"zh", "ja", "ko"} {
		data, err := os.ReadFile("testdata/websocket." + name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		for _, sentence := range strings.Split(strings.TrimSpace(string(data)), "\n") {
			runes := []rune(sentence)
			for n := 2; n <= 3; n++ {
				for at := 0; at+n <= len(runes); at++ {
					part := string(runes[at : at+n])
					if strings.ContainsFunc(part, func(r rune) bool { return r > 0xFF00 || classOf(r) != dense }) {
						continue
					}
					pairFinds(t, sentence, part)
				}
			}
		}
	}
}

func pairFinds(t *testing.T, sentence, part string) {
	t.Helper()
	q, err := Parse(part)
	if err != nil {
		t.Fatal(part, err)
	}
	s := q.Snippet(sentence)
	if len(s.Marks) == 0 {
		t.Errorf("%q does not find %q", part, sentence)
		return
	}
	units := utf16.Encode([]rune(s.Text))
	if marked := string(utf16.Decode(units[s.Marks[0].Start:s.Marks[0].End])); !strings.Contains(marked, part) {
		t.Errorf("%q is marked as %q in %q", part, marked, s.Text)
	}
}
