package storetest

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rivo/uniseg"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
)

// RunSearch is the part of the suite about search.
func RunSearch(t *testing.T, fresh func(t *testing.T) Opener) {
	for name, test := range map[string]func(*testing.T, Opener){
		"WordsAreFound":                  words,
		"DenseScriptsAreFoundByPairs":    pairs,
		"EditedAndDeletedTextIsNotFound": changes,
		"ABatchIsFoundAsItEnds":          batchEnds,
		"OnlyReadableRoomsAreSearched":   rights,
		"ManyPrivateRooms":               manyRooms,
		"FiltersNarrow":                  filters,
		"PagesOfHits":                    hitPages,
		"ManyOfOneMoment":                oneMoment,
		"OddQueriesFindNothing":          oddQueries,
		"ReactionsComeAlong":             reactionsCome,
		"PatienceEnds":                   patience,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t)) })
	}
}

// say is another message each time, also with the same text.
func say(text string) *chatv1.Send { return &chatv1.Send{ClientMsgId: rand.Text(), Text: text} }

// query is a search by a user, everywhere.
func query(t *testing.T, user, text string) store.SearchQuery {
	t.Helper()
	parsed, err := search.Parse(text)
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return store.SearchQuery{Text: parsed, User: user, Limit: 100, Patience: time.Minute}
}

func results(t *testing.T, s store.Store, q store.SearchQuery) store.SearchResults {
	t.Helper()
	r, err := s.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return r
}

// found is where hits stand: room/seq, in their order.
func found(t *testing.T, s store.Store, q store.SearchQuery) string {
	t.Helper()
	r := results(t, s, q)
	if r.Next != nil {
		t.Errorf("%+v: there is more", q)
	}
	var list []string
	for _, h := range r.Hits {
		list = append(list, fmt.Sprintf("%s/%d", h.Room, h.Message.GetSeq()))
	}
	return strings.Join(list, " ")
}

func words(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	for _, text := range []string{"The Café opens", "café and tea, or coffee", "don't open the door", "websockets", "only ... punctuation?!", "👍 *", "!?"} {
		l.do("lobby", "ana", say(text)) // 2 to 8
	}
	for _, c := range []struct{ query, want string }{
		{"cafe", "lobby/3 lobby/2"},
		{"CAFÉ opens", "lobby/2"},
		{"opens café", "lobby/2"},
		{`"opens cafe"`, ""},
		{`"the cafe opens"`, "lobby/2"},
		{"open", "lobby/4"},
		{"open*", "lobby/4 lobby/2"},
		{`"the caf*"`, "lobby/2"},
		{"don't", "lobby/4"},
		{"dont", ""},
		{"web*", "lobby/5"},
		{"socket", ""},
		{"👍", "lobby/7"},
		{"lobby", ""},
		{"ana", ""},
	} {
		if got := found(t, l.store, query(t, "ana", c.query)); got != c.want {
			t.Errorf("%q: %q, want %q", c.query, got, c.want)
		}
	}
	l.store = open(t) // and after a restart
	if got := found(t, l.store, query(t, "ana", "cafe")); got != "lobby/3 lobby/2" {
		t.Errorf("after opening it again: %q", got)
	}
}

func pairs(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	texts := []string{
		"浏览器先用HTTP/1.1发送升级请求，服务器返回101状态码。",
		"接続が確立すると、ｻｰﾊﾞｰとブラウザは双方向に通信できます。",
		"웹소켓은 하나의 TCP 연결에서 양방향 통신을 제공한다.",
		"ภาษาไทยไม่มีช่องว่างระหว่างคำ",
	}
	for _, text := range texts {
		l.do("lobby", "ana", say(text)) // 2 to 5
	}
	for i, text := range texts {
		var characters []string
		for g := uniseg.NewGraphemes(text); g.Next(); {
			characters = append(characters, g.Str())
		}
		for n := 1; n < 5; n++ {
			for at := 0; at+n <= len(characters); at++ {
				part := strings.Join(characters[at:at+n], "")
				if strings.ContainsFunc(part, func(r rune) bool { return r < 0x80 || strings.ContainsRune("，。、", r) }) {
					continue
				}
				if got := found(t, l.store, query(t, "ana", part)); !slices.Contains(strings.Fields(got), fmt.Sprint("lobby/", i+2)) {
					t.Errorf("%q of %q: %q", part, text, got)
				}
			}
		}
	}
	for _, c := range []struct{ query, want string }{
		{"浏", "lobby/2"}, {"码", "lobby/2"}, {"用http", "lobby/2"}, {"101状态", "lobby/2"}, {"升级 服务", "lobby/2"}, {"级升", ""},
		{"サーバー", "lobby/3"}, {"双方向", "lobby/3"}, {"소켓", "lobby/4"}, {"tcp연결", "lobby/4"}, {"ไทย", "lobby/5"},
	} {
		if got := found(t, l.store, query(t, "ana", c.query)); got != c.want {
			t.Errorf("%q: %q, want %q", c.query, got, c.want)
		}
	}
}

func changes(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	l.do("lobby", "ana", say("the first draft"))
	l.do("lobby", "ana", say("a secret draft"))
	l.do("lobby", "ana", &chatv1.Edit{Seq: 2, Text: "the final version"})
	l.do("lobby", "ana", &chatv1.Delete{Seq: 3})
	l.do("lobby", "ana", &chatv1.Edit{Seq: 2, Text: "the very final version"})
	for _, c := range []struct{ query, want string }{{"draft", ""}, {"secret", ""}, {"first", ""}, {"final", "lobby/2"}, {"very", "lobby/2"}, {"the", "lobby/2"}} {
		if got := found(t, l.store, query(t, "ana", c.query)); got != c.want {
			t.Errorf("%q: %q, want %q", c.query, got, c.want)
		}
	}
}

// batchEnds: what is posted, edited and deleted within one batch.
func batchEnds(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	created := &chatv1.Created{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC, Members: []*chatv1.Member{{User: "ana", Role: chatv1.Role_OWNER}}}
	event := func(seq uint32, ms int64) *chatv1.Event {
		return &chatv1.Event{Room: "lobby", Seq: seq, TimeMs: ms, User: "ana", Name: "Ana"}
	}
	posted := func(seq uint32, ms int64, text string) *chatv1.Event {
		e := event(seq, ms)
		e.Change = &chatv1.Event_Message{Message: &chatv1.Posted{Text: text}}
		return e
	}
	first, edited, deleted := event(1, 1), event(5, 50), event(6, 60)
	first.Change = &chatv1.Event_Created{Created: created}
	edited.Change = &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: 2, Text: "apple"}}
	deleted.Change = &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: 3}}
	l.apply(first, posted(2, 20, "pear"), posted(3, 30, "plum"), posted(4, 40, "fig"), edited, deleted)
	for _, c := range []struct{ query, want string }{{"pear", ""}, {"plum", ""}, {"apple", "lobby/2"}, {"fig", "lobby/4"}} {
		if got := found(t, l.store, query(t, "ana", c.query)); got != c.want {
			t.Errorf("%q: %q, want %q", c.query, got, c.want)
		}
	}
}

func rights(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("open", "ana", public("Open"))
	l.do("news", "ana", &chatv1.CreateRoom{Name: "News", Kind: chatv1.RoomKind_BROADCAST})
	l.do("private", "ana", &chatv1.CreateRoom{Name: "Private", Kind: chatv1.RoomKind_PRIVATE, Members: []string{"bo"}})
	l.do("old", "ana", public("Old"))
	l.do("gone", "ana", public("Gone"))
	for _, id := range []string{"open", "news", "private", "old", "gone"} {
		l.do(id, "ana", say("needle"))
	}
	yes := true
	l.do("old", "ana", &chatv1.UpdateRoom{Archived: &yes})
	l.do("gone", "ana", &chatv1.DeleteRoom{})
	check := func(who, want string) {
		t.Helper()
		q := query(t, who, "needle")
		q.Admin = who == ""
		got := strings.Fields(found(t, l.store, q))
		for i, hit := range got {
			got[i], _, _ = strings.Cut(hit, "/")
		}
		slices.Sort(got)
		if strings.Join(got, " ") != want {
			t.Errorf("%q finds it in %v, want %s", who, got, want)
		}
	}
	check("ana", "news old open private")
	check("bo", "news old open private")
	check("eve", "news old open")
	check("", "news old open private")
	l.do("private", "bo", &chatv1.Leave{})
	l.do("open", "eve", &chatv1.Join{})
	l.do("open", "ana", &chatv1.Ban{User: "eve", Until: room.Time(time.Now().Add(time.Hour).UnixMilli())})
	l.do("news", "eve", &chatv1.Join{})
	l.do("news", "ana", &chatv1.Ban{User: "eve", Until: room.Time(time.Now().Add(-time.Hour).UnixMilli())}) // over
	check("bo", "news old open")
	check("eve", "news old")
	for _, c := range []struct{ user, room, want string }{{"eve", "open", ""}, {"bo", "private", ""}, {"ana", "private", "private/2"}, {"ana", "gone", ""}, {"ana", "nowhere", ""}} {
		q := query(t, c.user, "needle")
		q.Room = c.room
		if got := found(t, l.store, q); got != c.want {
			t.Errorf("%s in %s: %q, want %q", c.user, c.room, got, c.want)
		}
	}
}

// manyRooms: in more rooms than an index can be asked for at once.
func manyRooms(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	for n := range 300 {
		id := fmt.Sprint("room", n)
		members := []string{"bo"}
		if n%100 == 7 {
			members = nil
		}
		l.do(id, "ana", &chatv1.CreateRoom{Name: id, Kind: chatv1.RoomKind_PRIVATE, Members: members})
		if n%10 == 7 {
			l.do(id, "ana", say("needle"))
		}
	}
	for user, want := range map[string]int{"ana": 30, "bo": 27, "eve": 0} {
		if got := len(results(t, l.store, query(t, user, "needle")).Hits); got != want {
			t.Errorf("%s has %d hits, want %d", user, got, want)
		}
	}
}

func filters(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	for _, id := range []string{"a", "b"} {
		l.do(id, "ana", public(id))
		l.do(id, "bo", &chatv1.Join{})
		for n := range 4 { // 3 to 6, at 1002 to 1005 ms
			l.do(id, []string{"ana", "bo"}[n%2], say("needle"))
		}
	}
	for _, c := range []struct {
		name   string
		narrow func(*store.SearchQuery)
		want   string
	}{
		{"room", func(q *store.SearchQuery) { q.Room = "b" }, "b/6 b/5 b/4 b/3"},
		{"from", func(q *store.SearchQuery) { q.Room, q.From = "b", "bo" }, "b/6 b/4"},
		{"from nobody", func(q *store.SearchQuery) { q.From = "eve" }, ""},
		{"after", func(q *store.SearchQuery) { q.Room, q.AfterMs = "a", 1003 }, "a/6 a/5"},
		{"before", func(q *store.SearchQuery) { q.Room, q.BeforeMs = "a", 1004 }, "a/4 a/3"},
		{"between", func(q *store.SearchQuery) { q.Room, q.AfterMs, q.BeforeMs = "a", 1002, 1005 }, "a/5 a/4"},
		{"nothing between", func(q *store.SearchQuery) { q.AfterMs, q.BeforeMs = 1004, 1005 }, ""},
		{"the far past", func(q *store.SearchQuery) { q.BeforeMs = 1 }, ""},
		{"the far future", func(q *store.SearchQuery) { q.AfterMs = 1 << 62 }, ""},
	} {
		q := query(t, "ana", "needle")
		c.narrow(&q)
		if got := found(t, l.store, q); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// hitPages: pages of any size hold each hit once, the newest first, also while
// more is said.
func hitPages(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	for _, id := range []string{"a", "b", "c"} {
		l.do(id, "ana", public(id))
		for range 8 {
			l.do(id, "ana", say("needle"))
		}
	}
	want := strings.Fields(found(t, l.store, query(t, "ana", "needle")))
	if len(want) != 24 {
		t.Fatalf("%d hits: %v", len(want), want)
	}
	for limit := 1; limit < 10; limit += 2 {
		var got []string
		var last int64
		q := query(t, "ana", "needle")
		q.Limit = limit
		for more := true; more; {
			r := results(t, l.store, q)
			for _, h := range r.Hits {
				got = append(got, fmt.Sprintf("%s/%d", h.Room, h.Message.GetSeq()))
				if ms := h.Message.GetTime().AsTime().UnixMilli(); ms != h.Place.TimeMs || last > 0 && ms > last {
					t.Errorf("a hit of %d at %+v follows one of %d", ms, h.Place, last)
				} else {
					last = ms
				}
			}
			if len(r.Hits) > limit || r.Next != nil && len(r.Hits) < limit {
				t.Errorf("%d hits on a page of %d", len(r.Hits), limit)
			}
			if more = r.Next != nil; more {
				q.Older = *r.Next
			}
			l.do("c", "ana", say("another needle"))
		}
		if !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", limit, got, want)
		}
		want = strings.Fields(found(t, l.store, query(t, "ana", "needle")))
	}
}

// oneMoment: an import may give very many messages the same time.
func oneMoment(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	const batches, each = 4, 300
	for b := range batches {
		events := []*chatv1.Event{}
		if b == 0 {
			events = append(events, &chatv1.Event{Room: "lobby", Seq: 1, TimeMs: 1, User: "ana", Change: &chatv1.Event_Created{
				Created: &chatv1.Created{Name: "Lobby", Kind: chatv1.RoomKind_PUBLIC}}})
		}
		for n := range each {
			events = append(events, &chatv1.Event{Room: "lobby", Seq: uint32(2 + b*each + n), TimeMs: 5000 + int64(n%2), User: "ana",
				Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "needle"}}})
		}
		l.apply(events...)
	}
	seen := map[uint32]bool{}
	q := query(t, "ana", "needle")
	for more := true; more; {
		r := results(t, l.store, q)
		for _, h := range r.Hits {
			seen[h.Message.GetSeq()] = true
		}
		if more = r.Next != nil; more {
			q.Older = *r.Next
		}
	}
	if len(seen) != batches*each {
		t.Errorf("%d of %d are found", len(seen), batches*each)
	}
}

func oddQueries(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	l.do("lobby", "ana", say("an ordinary message"))
	l.do("secret", "eve", &chatv1.CreateRoom{Name: "Secret", Kind: chatv1.RoomKind_PRIVATE})
	l.do("secret", "eve", say("an ordinary secret"))
	for _, text := range OddQueries() {
		parsed, err := search.Parse(text)
		if err != nil {
			continue
		}
		q := query(t, "ana", "x")
		q.Text = parsed
		for _, h := range results(t, l.store, q).Hits {
			if h.Room != "lobby" || !parsed.Matches(h.Message.GetText()) {
				t.Errorf("%q finds %v", text, h)
			}
		}
	}
	q := query(t, "x' OR 1=1 --", "ordinary")
	q.From, q.Room = `" OR "`, ""
	if got := found(t, l.store, q); got != "" {
		t.Errorf("odd names find %q", got)
	}
}

// OddQueries are queries that mean something to an index, a database or a
// regular expression, and nothing here.
func OddQueries() []string {
	return []string{
		`"`, `"""`, `an"`, `*`, `* an`, `*an*`, `an**`, `an AND`, `AND`, `OR`, `NOT an`, `an NOT message`, `NEAR(an message, 5)`, `NEAR`, `-an`, `+an`,
		`terms:an`, `search:an`, `rowid:1`, `{terms} : an`, `^an`, `an^2`, `an + message`, `(an`, `an)`, `(((`, `a:b:c`, `an OR 1=1`, `'`, `' OR '1'='1`,
		`'; DROP TABLE search; --`, `an\`, `\"an\"`, `%`, `_`, `an%`, `.*`, `[a-z]+`, `(?i)an`, `a{1,9999}`, `an & message`, `an | message`, `!an`, `an <-> message`,
		`an:*`, `an:AB`, `&`, `|`, `<->`, `!!`, "an\x00message", "\x00", "\ue000", "\ue0001", "\ue000 an", "\ue002", `"` + "\ue002" + `"`, "an\u200dmessage", "\u202ean",
		strings.Repeat("(", 500), strings.Repeat(`"a" `, 50), strings.Repeat("a*", 50), strings.Repeat("网", 300), strings.Repeat("é", 500), "$1", "?1", ":user", "@user", "/*", "--",
	}
}

func reactionsCome(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	l.do("lobby", "bo", &chatv1.Join{})
	l.do("lobby", "ana", say("needle"))
	l.do("lobby", "bo", &chatv1.React{Seq: 3, Emoji: "👍"})
	for user, mine := range map[string]bool{"ana": false, "bo": true} {
		hits := results(t, l.store, query(t, user, "needle")).Hits
		if len(hits) != 1 || len(hits[0].Message.GetReactions()) != 1 || hits[0].Message.GetReactions()[0].GetMine() != mine {
			t.Errorf("as %s sees it: %v", user, hits)
		}
	}
}

// patience: a store that has no more time says where to go on, and gets there.
func patience(t *testing.T, open Opener) {
	l := newLog(t, open(t))
	l.do("lobby", "ana", public("Lobby"))
	for range 20 {
		l.do("lobby", "ana", say("needle"))
	}
	q := query(t, "ana", "needle")
	q.Patience = 1
	hits := 0
	for asked := 0; ; asked++ {
		r := results(t, l.store, q)
		hits += len(r.Hits)
		if r.Next == nil {
			break
		}
		if q.Older == *r.Next || asked > 100 {
			t.Fatalf("it does not get on from %+v", q.Older)
		}
		q.Older = *r.Next
	}
	if hits != 20 {
		t.Errorf("%d of 20 hits", hits)
	}
}
