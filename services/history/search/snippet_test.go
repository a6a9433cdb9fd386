package search

import (
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// marked shows a snippet with its marks in brackets.
func marked(s Snippet) string {
	units := utf16.Encode([]rune(s.Text))
	var b strings.Builder
	at := uint32(0)
	for _, m := range s.Marks {
		b.WriteString(string(utf16.Decode(units[at:m.Start])) + "[" + string(utf16.Decode(units[m.Start:m.End])) + "]")
		at = m.End
	}
	return b.String() + string(utf16.Decode(units[at:]))
}

func TestSnippet(t *testing.T) {
	filler := strings.Repeat("lorem ipsum ", 30)
	for _, c := range []struct{ text, query, want string }{
		{"Hello, Wörld!", "world", "Hello, [Wörld]!"},
		{"a cafe\u0301 there", "CAFÉ", "a [cafe\u0301] there"},
		{"浏览器先发一个HTTP请求，再升级为WebSocket。", "升级", "浏览器先发一个HTTP请求，再[升级]为WebSocket。"},
		{"浏览器先发一个HTTP请求", "http请求", "浏览器先发一个[HTTP请求]"},
		{"浏览器", "览", "浏[览]器"},
		{"ｻｰﾊﾞｰと通信", "サーバー", "[ｻｰﾊﾞｰ]と通信"},
		{"웹소켓은 양방향", "소켓", "웹[소켓]은 양방향"},
		{"websockets and web", "web*", "[websockets] and [web]"},
		{"one two three", `"two three" one`, "[one] [two three]"},
		{"👩‍💻 codes 👍🏽", "👍", "👩‍💻 codes [👍🏽]"},
		{"👩‍💻 codes", "👩", "[👩‍💻] codes"},
		{"𠮷野家", "野家", "𠮷[野家]"},
		{"nothing of it", "other", "nothing of it"},
		{filler + "the needle here. " + filler, "needle", "ipsum lorem ipsum lorem ipsum the [needle] here. lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem ipsum lorem"},
	} {
		q, err := Parse(c.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := marked(q.Snippet(c.text)); got != c.want {
			t.Errorf("%q in %q:\ngot  %q\nwant %q", c.query, c.text, got, c.want)
		}
	}
}

// TestSnippetShowsMostOfTheQuery: not the first word alone, where all of them
// stand together later.
func TestSnippetShowsMostOfTheQuery(t *testing.T) {
	q, err := Parse("close frame code")
	if err != nil {
		t.Fatal(err)
	}
	got := q.Snippet("close the door. " + strings.Repeat("And so on. ", 40) + "A close frame holds a code.")
	if len(got.Marks) != 3 || !strings.HasSuffix(got.Text, "A close frame holds a code.") {
		t.Errorf("%q", marked(got))
	}
}

func FuzzSnippet(f *testing.F) {
	f.Add("Hello, Wörld! 网络协议", "world 网络")
	f.Add(strings.Repeat("👩‍💻 ", 100)+"x", "x")
	f.Add(strings.Repeat("e\u0301", 300), "eee*")
	f.Add("\r\n\r\n🇩🇪🇫🇷 a", "🇫")
	f.Fuzz(func(t *testing.T, text, query string) {
		q, err := Parse(query)
		if err != nil || !utf8.ValidString(text) {
			return
		}
		s := q.Snippet(text)
		if !strings.Contains(text, s.Text) {
			t.Fatalf("%q is not of the text", s.Text)
		}
		if found := q.Matches(text); found != (len(s.Marks) > 0) {
			t.Errorf("found: %v; %d marks", found, len(s.Marks))
		}
		units := uint32(len(utf16.Encode([]rune(s.Text))))
		edges, at := map[uint32]bool{0: true}, uint32(0)
		for g := uniseg.NewGraphemes(s.Text); g.Next(); {
			at += uint32(len(utf16.Encode(g.Runes())))
			edges[at] = true
		}
		end := uint32(0)
		for i, m := range s.Marks {
			if m.Start >= m.End || m.End > units || m.Start < end || i > 0 && m.Start == end {
				t.Errorf("mark %v after %d in %d units", m, end, units)
			}
			if !edges[m.Start] || !edges[m.End] {
				t.Errorf("mark %v splits a character of %q", m, s.Text)
			}
			end = m.End
		}
	})
}
