package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store"
)

const (
	townRooms = 1000
	townWords = 20_000
	rareEvery = 20_000 // messages
)

// BenchmarkSearch measures a store that holds so many messages: the rate at
// which they come in, and searches by words of any frequency. Every tenth
// message is Chinese; every tenth room is private.

func BenchmarkSearch(b *testing.B, s store.Store, messages int) {
	town := newTown()
	began := time.Now()
	town.grow(b, s, messages)
	rate := float64(messages) / time.Since(began).Seconds()
	b.Run("Ingest", func(b *testing.B) {
		for b.Loop() { // once is enough of it
			b.ReportMetric(rate, "messages/s")
		}
	})
	for _, c := range []struct {
		name, query string
		narrow      func(*store.SearchQuery)
		least       int
	}{
		{"RoomAndWord", "w30", func(q *store.SearchQuery) { q.Room = "room11" }, 1},
		{"RareWord", "needle", nil, 1},
		{"CommonWord", "the", nil, 50},
		{"CommonWordOld", "the", func(q *store.SearchQuery) { q.BeforeMs = town.startMs + int64(messages)*500 }, 50},
		{"TwoCommonWords", "the w1", nil, 50},
		{"CommonPhrase", `"the w1"`, nil, 1},
		{"CommonAndRareWord", "the needle", nil, 1},
		{"CommonWordOfOne", "the", func(q *store.SearchQuery) { q.From = "user7" }, 50},
		{"CommonWordAsAdmin", "the", func(q *store.SearchQuery) { q.User, q.Admin = "", true }, 50},
		{"ChinesePair", "握手", nil, 50},
		{"ChinesePhrase", "服务器返回状态码", nil, 1},
		{"ChineseCharacter", "的", nil, 50},
		{"Prefix", "w12*", nil, 50},
		{"Nothing", "absent", nil, 0},
	} {
		b.Run(c.name, func(b *testing.B) {
			parsed, err := search.Parse(c.query)
			if err != nil {
				b.Fatal(err)
			}
			q := store.SearchQuery{Text: parsed, User: "user3", Limit: 50, Patience: time.Minute}
			if c.narrow != nil {
				c.narrow(&q)
			}
			for b.Loop() {
				r, err := s.Search(b.Context(), q)
				if err != nil || len(r.Hits) < c.least {
					b.Fatal(len(r.Hits), err)
				}
			}
		})
	}
}

// town makes up what is said in many rooms. The same each time.
type town struct {
	dice    *rand.Rand
	zipf    *rand.Zipf
	heads   [townRooms]uint32
	said    int
	at      store.Position
	startMs int64
}

func newTown() *town {
	dice := rand.New(rand.NewPCG(1, 2))
	return &town{dice: dice, zipf: rand.NewZipf(dice, 1.1, 4, townWords-1), startMs: 1_700_000_000_000}
}

// grow has so many more messages said, one each second, in batches as a
// projector's.
func (w *town) grow(b *testing.B, s store.Store, messages int) {
	const each = 10_000
	for left := messages; left > 0; left -= each {
		var records []*chatv1.LogRecord
		for range min(left, each) {
			if len(records) == 0 || len(records[len(records)-1].GetEvents()) >= 50 {
				records = append(records, &chatv1.LogRecord{})
			}
			last := records[len(records)-1]
			last.Events = append(last.Events, w.next()...)
		}
		to := store.Position{Stream: 7, Sequence: w.at.Sequence + uint64(len(records)), Record: fmt.Append(nil, w.said)}
		if err := s.Apply(b.Context(), 0, w.at, to, records); err != nil {
			b.Fatal(err)
		}
		w.at = to
	}
}

// next is a message, and the creation of its room before it.
func (w *town) next() []*chatv1.Event {
	r := w.dice.IntN(townRooms)
	w.said++
	var events []*chatv1.Event
	event := func(user string) *chatv1.Event {
		w.heads[r]++
		e := &chatv1.Event{Room: fmt.Sprint("room", r), Seq: w.heads[r], TimeMs: w.startMs + int64(w.said)*1000, User: user, Name: user, CommandId: "c"}
		events = append(events, e)
		return e
	}
	if w.heads[r] == 0 {
		kind := chatv1.RoomKind_PUBLIC
		if r%10 == 0 {
			kind = chatv1.RoomKind_PRIVATE
		}
		event("user3").Change = &chatv1.Event_Created{Created: &chatv1.Created{Name: "Room", Kind: kind, Members: []*chatv1.Member{{User: fmt.Sprint("user", r%20), Role: chatv1.Role_OWNER}, {User: fmt.Sprint("user", 3+r%20), Role: chatv1.Role_MEMBER}}}}
	}
	e := event(fmt.Sprint("user", w.dice.IntN(100)))
	e.ClientMsgId = fmt.Sprint("m", w.said)
	e.Change = &chatv1.Event_Message{Message: &chatv1.Posted{Text: w.text()}}
	return events
}

func (w *town) text() string {
	var list []string
	switch {
	case w.dice.IntN(10) == 0:
		list = []string{chinese[w.dice.IntN(len(chinese))], "，", chinese[w.dice.IntN(len(chinese))], "。"}
		return strings.Join(list, "")
	case w.said%rareEvery == rareEvery/2:
		list = append(list, "needle")
	}
	for range 6 + w.dice.IntN(12) {
		if word := w.zipf.Uint64(); word == 0 {
			list = append(list, "the")
		} else {
			list = append(list, fmt.Sprint("w", word))
		}
	}
	return strings.Join(list, " ") + "."
}

var chinese = strings.Fields(`浏览器先发送升级请求 服务器返回状态码 握手完成以后双方互相发送数据帧 客户端的帧必须加掩码 心跳用来发现已经断开的连接
	断线以后客户端自动重连 重连时加一点随机抖动 消息的顺序由房间的日志决定 没有得到确认的消息再发一次 压缩节省流量 加密的连接走四四三端口
	令牌放在第一条消息里 负载均衡器按连接分配流量 今天下午我们讨论握手的实现细节 关于心跳的文档还没有写完 单元测试已经通过了 线上的问题和缓存有关`)
