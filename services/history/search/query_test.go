package search

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func (q Query) String() string {
	var list []string
	for _, p := range q.Phrases {
		s := strings.Join(p.Terms, "+")
		if p.Prefix {
			s += "*"
		}
		list = append(list, s)
	}
	return strings.Join(list, " ")
}

func TestParse(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"Hello world hello", "hello world"},
		{`"Hello world" now`, "hello+world now"},
		{`“Hello world” now`, "hello+world now"},
		{`open "quote to the end`, "open quote+to+the+end"},
		{`a"b"c`, "a b c"},
		{`""" x " `, "x"},
		{"web* natter.js1*", "web* natter+js1*"},
		{`"web soc*" "web soc"* ＊ *x www＊`, "web+soc* x www*"},
		{"don't", "don+t"},
		{"网络协议", "网络+络协+协议"},
		{"议", "议*"},
		{"用WebSocket", "用+websocket"},
		{"WebSocket用", "websocket+用*"},
		{"用WebSocket协议*", "用+websocket+协议"},
		{"网络 协议", "网络 协议"},
		{"👍", "👍"},
		{"a AND b NOT NEAR(c, 2) OR -d ^e terms:f {x y}:z", "a and b not near+c 2 or d e terms+f x y+z"},
		{`'; DROP TABLE messages; -- (.*)+$ [a-z]`, "drop table messages a+z"},
	} {
		q, err := Parse(c.query)
		if err != nil || q.String() != c.want {
			t.Errorf("%q: %q, %v; want %q", c.query, q, err, c.want)
		}
	}
}

func TestQueriesThatAskForNothing(t *testing.T) {
	for _, query := range []string{"", " ", `"`, `""`, "*", "***", "-", "?!", `" * "`, "\x00", "\u200b", "+-*/:^(){}"} {
		if q, err := Parse(query); !errors.Is(err, ErrNothing) {
			t.Errorf("%q: %v, %v", query, q, err)
		}
	}
}

func TestAPrefixHasALength(t *testing.T) {
	for query, ok := range map[string]bool{"w*": false, "we*": false, "web*": true, `"the we*"`: false, "don't*": false, "été*": true, "网*": true, "网络*": true, "👍*": true} {
		if q, err := Parse(query); (err == nil) != ok || !ok && !errors.Is(err, ErrShortPrefix) {
			t.Errorf("%q: %v, %v", query, q, err)
		}
	}
}

func TestQueriesAreBounded(t *testing.T) {
	words := func(n int) string {
		var list []string
		for i := range n {
			list = append(list, fmt.Sprint("w", i))
		}
		return strings.Join(list, " ")
	}
	for _, c := range []struct {
		query string
		unit  string
	}{
		{words(50), ""}, {words(51), "words"}, {strings.ReplaceAll(words(51), " ", "."), "words"}, {words(10_000), "bytes"},
		{strings.Repeat("网", 341), ""}, {strings.Repeat("网", 342), "bytes"}, {strings.Repeat("网 ", 60), "words"},
	} {
		_, err := Parse(c.query)
		var large *TooLargeError
		if errors.As(err, &large) != (c.unit != "") || c.unit != "" && large.Unit != c.unit {
			t.Errorf("%.20q of %d bytes: %v, want %q", c.query, len(c.query), err, c.unit)
		}
	}
}

// TestAnyTwoCharactersFindTheirSentence, and so does any longer stretch, and
// any one.
func TestAnyTwoCharactersFindTheirSentence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		dense := rapid.SampledFrom([]rune("网络协议握手接続をサーバー웹소켓은양방ก𠮷々ー"))
		run := rapid.SliceOfN(dense, 2, 30).Draw(t, "run")
		text := rapid.String().Draw(t, "before") + "。" + string(run) + " " + rapid.String().Draw(t, "after")
		from := rapid.IntRange(0, len(run)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(run)).Draw(t, "to")
		q, err := Parse(string(run[from:to]))
		if err != nil || !q.Matches(text) {
			t.Fatalf("%q is not found in %q: %v, %v", string(run[from:to]), text, q, err)
		}
	})
}

// TestWordsFindTheirText in any case and order, with and without accents.
func TestWordsFindTheirText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Zäöüéñłß0-9]{1,12}`), 1, 8).Draw(t, "words")
		text := strings.Join(words, rapid.SampledFrom([]string{" ", ", ", "\n", " / ", "…"}).Draw(t, "between"))
		asked := rapid.Permutation(words).Draw(t, "asked")
		for _, query := range []string{strings.Join(asked, " "), strings.ToUpper(strings.Join(asked, " ")), `"` + text + `"`, string([]rune(words[0] + "abc")[:3]) + "*"} {
			if q, err := Parse(query); err == nil && !q.Matches(text+" "+words[0]+"abc") {
				t.Fatalf("%q is not found in %q", query, text)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`a "b c" d*`, `"`, "网络*", "a AND b", "“x”*", "\xff*"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		q, err := Parse(query)
		if err != nil {
			return
		}
		for _, p := range q.Phrases {
			if len(p.Terms) == 0 {
				t.Fatal("a phrase of nothing")
			}
			for _, term := range p.Terms {
				if term == "" || strings.ContainsAny(term, "\" *:^()'\x00") {
					t.Errorf("the term %q", term)
				}
			}
		}
	})
}
