package e2e_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// results is a search that must be answered.
func (s *session) results(ask M) *client.Results {
	s.t.Helper()
	reply := s.do("search", ask)
	if reply.Results == nil {
		s.unexpected("search", ask, reply)
	}
	return reply.Results
}

// finds are the seqs that a search in a room finds, as they come.
func (s *session) finds(room, query string) string {
	s.t.Helper()
	seqs := []uint32{}
	for _, hit := range s.results(M{"room": room, "query": query, "limit": 100}).Hits {
		seqs = append(seqs, hit.Message.Seq)
	}
	return fmt.Sprint(seqs)
}

// everywhereFinds are the rooms of hits in all rooms, in order of their names.
func (s *session) everywhereFinds(query string) []string {
	s.t.Helper()
	rooms := []string{}
	for _, hit := range s.results(M{"query": query, "limit": 100}).Hits {
		rooms = append(rooms, hit.Room)
	}
	slices.Sort(rooms)
	return rooms
}

// marked is a snippet with its marks in brackets.
func marked(hit client.Hit) string {
	units := utf16.Encode([]rune(hit.Snippet.Text))
	text, at := "", uint32(0)
	for _, m := range hit.Snippet.Marks {
		text += string(utf16.Decode(units[at:m.Start])) + "[" + string(utf16.Decode(units[m.Start:m.End])) + "]"
		at = m.End
	}
	return text + string(utf16.Decode(units[at:]))
}

// TestSearchReadsItsWrites: what was acked, edited and deleted a moment ago is
// found so, over any gateway that has seen it.
func TestSearchReadsItsWrites(t *testing.T) { everywhere(t, searchReadsItsWrites) }

func searchReadsItsWrites(t *testing.T, d *shape.Deployment) {
	ana := enter(t, d, 0, unique(t, "ana"))
	room := ana.create(unique(t, "room"), nil).Room
	for i := range 20 {
		seq := ana.send(room, fmt.Sprintf("Ångström number n%d", i)).Seq
		if got := ana.finds(room, fmt.Sprintf("angstrom n%d", i)); got != fmt.Sprint([]uint32{seq}) {
			t.Fatalf("after the ack of %d it finds %s", seq, got)
		}
	}
	seq := ana.send(room, "a pear").Seq
	ana.ack("edit", M{"room": room, "seq": seq, "text": "an apple"})
	if before, after := ana.finds(room, "pear"), ana.finds(room, "apple"); before != "[]" || after != fmt.Sprint([]uint32{seq}) {
		t.Errorf("after an edit it finds %s by the old text and %s by the new one", before, after)
	}
	ana.ack("delete", M{"room": room, "seq": seq})
	if got := ana.finds(room, "apple"); got != "[]" {
		t.Errorf("what was deleted is found: %s", got)
	}
	for _, system := range []string{room, "Name", ana.user} { // not a message's text
		if got := ana.finds(room, system); got != "[]" {
			t.Errorf("%q is found: %s", system, got)
		}
	}
}

func TestSearchShowsOnlyWhatMayBeRead(t *testing.T) { everywhere(t, searchShowsOnlyWhatMayBeRead) }

func searchShowsOnlyWhatMayBeRead(t *testing.T, d *shape.Deployment) {
	ana, bo, eve := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo")), enter(t, d, 0, unique(t, "eve"))
	word := strings.ReplaceAll(unique(t, "needle"), "-", "")
	open, private, archived, deleted := unique(t, "a-open"), unique(t, "b-private"), unique(t, "c-archived"), unique(t, "d-deleted")
	ana.create(open, nil)
	ana.create(private, M{"kind": "PRIVATE", "members": []string{bo.user}})
	ana.create(archived, nil)
	ana.create(deleted, nil)
	for _, room := range []string{open, private, archived, deleted} {
		ana.send(room, word+" is here")
	}
	direct := ana.view("openDirect", M{"user": bo.user}).Room
	ana.send(direct, word+" between us")
	ana.ack("updateRoom", M{"room": archived, "archived": true})
	ana.ack("deleteRoom", M{"room": deleted})
	sees := func(s *session, want ...string) {
		t.Helper()
		slices.Sort(want)
		natstest.Eventually(t, client.Patience, fmt.Sprintf("%s finds it in %v", s.user, want), func() bool {
			return slices.Equal(s.everywhereFinds(word), want)
		})
	}
	sees(ana, open, private, archived, direct)
	sees(bo, open, private, archived, direct)
	sees(eve, open, archived)
	for _, room := range []string{private, direct, "nowhere-at-all"} {
		refusal := eve.refused("search", M{"query": word, "room": room}, "NOT_FOUND", "")
		if there := eve.refused("search", M{"query": word, "room": "nowhere-at-all"}, "NOT_FOUND", ""); there.Message != refusal.Message {
			t.Errorf("%s is refused with %q, a room that is not there with %q", room, refusal.Message, there.Message)
		}
	}
	eve.refused("search", M{"query": word, "room": deleted}, "GONE", "")

	bo.ack("leave", M{"room": private})
	sees(bo, open, archived, direct)
	eve.view("join", M{"room": open})
	ana.ack("ban", M{"room": open, "user": eve.user})
	sees(eve, archived)
	natstest.Eventually(t, client.Patience, "eve is refused where she is banned", func() bool {
		reply := eve.do("search", M{"query": word, "room": open})
		return reply.Error != nil && reply.Error.Code == "FORBIDDEN"
	})
	ana.ack("unban", M{"room": open, "user": eve.user})
	sees(eve, open, archived)

	operator, err := admin.Dial(d.History, d.AdminToken)
	if err != nil {
		t.Fatal(err)
	}
	defer operator.Close()
	all, err := operator.Messages.Search(t.Context(), &historyv1.SearchRequest{Query: word})
	if err != nil || len(all.GetHits()) != 4 {
		t.Errorf("an admin finds %v, %v", all, err)
	}
	gateway, err := admin.Dial(d.History, d.ServiceToken)
	if err != nil {
		t.Fatal(err)
	}
	defer gateway.Close()
	hers, err := gateway.Messages.Search(rpc.AsUser(t.Context(), eve.user), &historyv1.SearchRequest{Query: word})
	if err != nil || len(hers.GetHits()) != 2 {
		t.Errorf("a gateway finds for eve %v, %v", hers, err)
	}
}

func TestSearchPages(t *testing.T) { everywhere(t, searchPages) }

func searchPages(t *testing.T, d *shape.Deployment) {
	ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
	a, b := ana.create(unique(t, "a"), nil).Room, ana.create(unique(t, "b"), nil).Room
	bo.view("join", M{"room": b})
	word := strings.ReplaceAll(unique(t, "word"), "-", "")
	var times []time.Time
	for i := range 15 {
		times = append(times, ana.send([]string{a, b}[i%2], fmt.Sprintf("%s %d", word, i)).Time)
	}
	last := bo.send(b, word+" by bo").Seq
	ask := M{"query": word, "limit": 4}
	natstest.Eventually(t, client.Patience, "all are found", func() bool { return len(ana.everywhereFinds(word)) == 16 })
	var seen []string
	cursor := ""
	for pages := 0; ; pages++ {
		page := ana.results(ask)
		for _, hit := range page.Hits {
			seen = append(seen, hit.Message.Text)
		}
		if page.Cursor == nil {
			break
		}
		if cursor = *page.Cursor; pages > 5 {
			t.Fatal("the pages do not end")
		}
		ask = with(ask, M{"cursor": cursor})
	}
	unique := slices.Compact(slices.Sorted(slices.Values(seen)))
	if len(seen) != 16 || len(unique) != 16 || !strings.HasSuffix(seen[0], "by bo") {
		t.Errorf("page by page it finds %q", seen)
	}
	for _, c := range []struct {
		ask  M
		want int
	}{
		{M{"room": b}, 8}, {M{"room": b, "from": bo.user}, 1}, {M{"from": ana.user}, 15},
		{M{"before": times[0]}, 0}, {M{"after": times[14].Add(time.Hour)}, 0}, {M{"after": times[0].Add(-time.Millisecond)}, 16},
	} {
		if got := len(ana.results(with(c.ask, M{"query": word, "limit": 100})).Hits); got != c.want {
			t.Errorf("%v finds %d, want %d", c.ask, got, c.want)
		}
	}
	for _, wrong := range []string{"x", "' OR 1=1 --", strings.Repeat("A", 32), cursor[:len(cursor)-2], cursor + "AA"} {
		ana.refused("search", M{"query": word, "cursor": wrong}, "BAD_REQUEST", "cursor")
	}
	ana.refused("search", M{"query": word + " by", "cursor": cursor}, "BAD_REQUEST", "cursor")
	ana.refused("search", M{"query": word, "room": a, "cursor": cursor}, "BAD_REQUEST", "cursor")
	bo.refused("search", M{"query": word, "cursor": cursor}, "BAD_REQUEST", "cursor")
	if got := bo.finds(b, `"`+word+` by bo"`); got != fmt.Sprint([]uint32{last}) {
		t.Errorf("the phrase finds %s", got)
	}
}

// TestSearchQueriesThatMeanSomethingElsewhere are words here, or nothing.
func TestSearchQueriesThatMeanSomethingElsewhere(t *testing.T) { everywhere(t, searchOddQueries) }

func searchOddQueries(t *testing.T, d *shape.Deployment) {
	ana, eve := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "eve"))
	secret := unique(t, "secret")
	ana.create(secret, M{"kind": "PRIVATE"})
	ana.send(secret, "an ordinary secret message")
	natstest.Eventually(t, client.Patience, "the secret is found by ana", func() bool { return slices.Contains(ana.everywhereFinds("ordinary secret"), secret) })
	for _, query := range []string{
		`"`, `"""`, `an"`, `*`, `*an*`, `an AND message`, `an OR secret`, `NOT an`, `NEAR(an message, 5)`, `-an`, `terms:an`, `rowid:1`, `{terms} : an`, `^an`, `(an`, `an)`,
		`' OR '1'='1`, `'; DROP TABLE search; --`, `an\`, `%`, `_`, `.*`, `[a-z]+`, `(?i)an`, `an & message`, `an | message`, `!an`, `an <-> message`, `an:*`, `an:AB`,
		"\ue000", "\ue0001 an", "\ue002 an", strings.Repeat("(", 500), strings.Repeat("a* ", 50), strings.Repeat("网", 300), "$1", "?1", ":user", "/*", "--", "👍", "\u202ean", "a*",
	} {
		reply := eve.do("search", M{"query": query})
		switch {
		case reply.Error != nil && reply.Error.Code == "BAD_REQUEST" && reply.Error.Field != nil && *reply.Error.Field == "query":
		case reply.Results == nil:
			t.Errorf("%q is answered with %s", query, reply)
		default:
			for _, hit := range reply.Results.Hits {
				if hit.Room == secret {
					t.Errorf("%q finds the secret", query)
				}
			}
		}
	}
	for _, nothing := range []string{"?!", `"`, "***", "- + / ."} {
		eve.refused("search", M{"query": nothing}, "BAD_REQUEST", "query")
	}
	eve.refused("search", M{"query": strings.Repeat("a ", 51)}, "TOO_LARGE", "query")
	eve.refused("search", M{"query": strings.Repeat("a.", 51)}, "TOO_LARGE", "query")
	eve.refused("search", M{"query": strings.Repeat("word ", 10_000)[:40_000]}, "TOO_LARGE", "query")
}

// TestSearchInChineseJapaneseAndKorean: rooms of real sentences, found by what
// stands inside of them.
func TestSearchInChineseJapaneseAndKorean(t *testing.T) { everywhere(t, searchDenseScripts) }

func searchDenseScripts(t *testing.T, d *shape.Deployment) {
	ana := enter(t, d, 0, unique(t, "ana"))
	rooms := map[string]string{}
	sentences := map[string][]string{}
	for _, language := range []string{"zh", "ja", "ko"} {
		data, err := os.ReadFile("../history/search/testdata/websocket." + language + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		sentences[language] = strings.Split(strings.TrimSpace(string(data)), "\n")
		rooms[language] = ana.create(unique(t, language), nil).Room
		for _, sentence := range sentences[language] {
			ana.send(rooms[language], sentence) // from seq 2 on
		}
	}
	if n := len(sentences["zh"]); n < 250 {
		t.Fatalf("%d sentences in Chinese", n)
	}
	for _, c := range []struct {
		language, query string
		// the newest hit, with its marks
		first string
		hits  int
	}{
		{"zh", "握手", "线上的问题和[握手]有关，我正在看日志。", 0},
		{"zh", "101状态码", "", -1},
		{"zh", "101 Switching", "如果服务器同意升级，它返回 [101] [Switching] Protocols 状态码。", 1},
		{"zh", "升级 101", "如果服务器同意[升级]，它返回 [101] Switching Protocols 状态码。", 1},
		{"zh", "跨站websocket劫持", "这种攻击叫做[跨站 WebSocket 劫持]。", 1},
		{"zh", "SHA-1", "服务器把这个键与固定的 GUID 拼接，再用 [SHA-1] 算出摘要。", 1},
		{"zh", "ＲＦＣ 6455", "它在 2011 年由 [RFC] [6455] 标准化，如今所有主流浏览器都支持。", 1},
		{"zh", "令牌", "当一百万个客户端同时重连时，[令牌]校验成了瓶颈。", 0},
		{"zh", "牌令", "", -1},
		{"zh", "sec-websocket-key*", "测试的时候可以用 curl 加上 [Sec-WebSocket-Key] 请求头来模拟握手。", 0},
		{"zh", `"4008"`, "客户端看到 [4008]（读得太慢）时要记在日志里，方便以后排查。", 4},
		{"ja", "サーバー", "読むのが遅いクライアントのために、[サーバー]のメモリを使い切ってはいけません。", 0},
		{"ja", "サーバー 60秒", "[ｻｰﾊﾞｰ]が[60秒]ごとにPingを送る設定になっています。", 1},
		{"ja", "双方向", "WebSocketは、一本のTCP接続の上で[双方向]に通信するためのプロトコルです。", 1},
		{"ja", "確認", "[確認]応答が届けば、メッセージはディスクに書かれています。", 1},
		{"ko", "웹소켓", "[웹소켓]은 하나의 TCP 연결에서 양방향으로 통신하는 프로토콜이다.", 1},
		{"ko", "메시지", "", 0},
		{"ko", "핸드셰이크", "", 0},
		{"ko", "시간 제한", "어제 장애의 원인은 로드 밸런서의 [시간] [제한]이었다.", 1},
	} {
		ask := M{"room": rooms[c.language], "query": c.query, "limit": 100}
		hits := ana.results(ask).Hits
		switch {
		case c.hits < 0:
			if len(hits) > 0 {
				t.Errorf("%q finds %q", c.query, marked(hits[0]))
			}
			continue
		case len(hits) == 0 || c.hits > 0 && len(hits) != c.hits:
			t.Errorf("%q has %d hits, want %d", c.query, len(hits), c.hits)
			continue
		case c.first != "" && marked(hits[0]) != c.first:
			t.Errorf("%q finds first %q, want %q", c.query, marked(hits[0]), c.first)
		}
		for i, hit := range hits {
			if len(hit.Snippet.Marks) == 0 || hit.Message.Text != sentences[c.language][hit.Message.Seq-2] || i > 0 && hits[i-1].Message.Seq <= hit.Message.Seq {
				t.Errorf("%q: hit %d is %+v", c.query, i, hit)
			}
		}
	}
}
