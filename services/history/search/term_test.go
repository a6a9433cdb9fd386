package search

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func texts(terms []Term) string {
	list := make([]string, len(terms))
	for i, t := range terms {
		list[i] = t.Text
	}
	return strings.Join(list, " ")
}

func TestTerms(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{" ,.!?-_:;\"'()[]{}<>|&^*~`@#$%+=/\\\n\t", ""},
		{"Hello, World!", "hello world"},
		{"don't natter.js foo_bar a-b x@example.com", "don t natter js foo bar a b x example com"},
		{"Café CAFÉ cafe\u0301 naïve Ångström", "cafe cafe cafe naive angstrom"},
		{"Straße STRASSE œuvre Łódź Ørsted İstanbul ılık", "strasse strasse oeuvre lodz orsted istanbul ilik"},
		{"ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ"},
		{"Ёлка ёлка мой", "елка елка мой"},
		{"שָׁלוֹם مُحَمَّد أحمد", "שלום محمد احمد"},
		{"हिन्दी தமிழ்", "हिन्दी தமிழ்"},
		{"http2 3.14 ３．１４ ＡＢＣ ﬁx x²", "http2 3 14 3 14 abc fix x2"},
		{"co\u00adop a\u200bb", "coop a b"},
		{"网络协议", "网络 络协 协议 议"},
		{"用WebSocket协议，", "用 websocket 协议 议"},
		{"接続を", "接続 続を を"},
		{"ｻｰﾊﾞｰ サーバー", "サー ーバ バー ー サー ーバ バー ー"},
		{"か\u3099く が", "がく く が"},
		{"웹소켓은 \u1112\u1161\u11ab글", "웹소 소켓 켓은 은 한글 글"},
		{"ภาษา ก่อน", "ภา าษ ษา า ก่อ อน น"},
		{"㈱ ㍿", "株 株式 式会 会社 社"},
		{"𠮷野家", "𠮷野 野家 家"},
		{"ok 👍🏽 👩‍💻!", "ok 👍 👩 💻"},
		{strings.Repeat("x", 100), strings.Repeat("x", 64)},
		{"room\ue000", "room"},
		{"a\x00b\xff", "a b"},
	} {
		if got := texts(Terms(c.text)); got != c.want {
			t.Errorf("%q: %q, want %q", c.text, got, c.want)
		}
		if got, want := string(AppendTerms([]byte("x"), c.text)), strings.TrimRight("x "+c.want, " "); got != want {
			t.Errorf("%q: appended %q, want %q", c.text, got, want)
		}
	}
}

// TestAppendedTermsAreTheTerms: of ASCII they are made in another way.
func TestAppendedTermsAreTheTerms(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom(nil, unicode.ASCII_Hex_Digit, unicode.Pattern_White_Space)), rapid.StringMatching(`([A-Z0-9a-z]{0,100}[ -~])*`)).Draw(t, "text")
		want := ""
		for _, term := range Terms(text) {
			want += " " + term.Text
		}
		if got := string(AppendTerms(nil, text)); got != want {
			t.Fatalf("appended %q, want %q", got, want)
		}
	})
}

// TestEveryCharacterFoldsOnce: a text that was folded before is found the same.
func TestEveryCharacterFoldsOnce(t *testing.T) {
	for r := range rune(utf8.MaxRune + 1) {
		if !utf8.ValidRune(r) {
			continue
		}
		once := foldedText(string(r))
		if twice := foldedText(once); twice != once {
			t.Errorf("%U folds to %+q, and that to %+q", r, once, twice)
		}
	}
}

func foldedText(s string) string {
	var b strings.Builder
	newFolder().each(s, func(f folded) { b.WriteRune(f.r) })
	return b.String()
}

func FuzzTerms(f *testing.F) {
	for _, seed := range []string{"Hello, Wörld", "网络协议 WebSocket 3次握手", "ｻｰﾊﾞｰ", "한글 \u1112\u1161\u11ab", "👩‍💻🇩🇪", "e\u0301\u0301\u0301", "\xff\xfe", "กำ่ ้", "a\u034f\u0300"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms := Terms(text)
		from := 0
		for _, term := range terms {
			if term.Start < from || term.First <= term.Start || term.End < term.First || term.End > len(text) {
				t.Fatalf("%+v stands after %d in %d bytes", term, from, len(text))
			}
			if utf8.ValidString(text) && !(utf8.RuneStart(text[term.Start]) && (term.End == len(text) || utf8.RuneStart(text[term.End]))) {
				t.Errorf("%+v splits a rune", term)
			}
			from = term.Start
			for _, r := range term.Text {
				if c := classOf(r); c == gap || c == nothing {
					t.Errorf("%q holds %U", term.Text, r)
				}
			}
		}
	})
}
