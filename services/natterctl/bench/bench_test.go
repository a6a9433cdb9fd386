package bench

import (
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// TestLatencies: a percentile is within five percent of what it was.
func TestLatencies(t *testing.T) {
	var l latencies
	for ms := 1; ms <= 1000; ms++ {
		l.add(time.Duration(ms) * time.Millisecond)
	}
	for p, want := range map[float64]float64{.5: 500, .95: 950, .99: 990, 1: 1000} {
		if got := l.percentile(p); got < want*.999 || got > want*1.06 {
			t.Errorf("the percentile %v is %v ms, want %v", p, got, want)
		}
	}
	if l.most != time.Second || (&latencies{}).percentile(.5) != 0 {
		t.Errorf("the most is %s", l.most)
	}
}

// said is an event of a room, as it comes to a client.
func said(room string, seq uint32, id string) *clientv1.ServerFrame {
	return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Event_{Event: &clientv1.ServerFrame_Event{
		Room: room, Seq: seq, ClientMsgId: &id, Change: &clientv1.ServerFrame_Event_Message{Message: &chatv1.Posted{Text: "x"}},
	}}}
}

// TestVerdict: what is lost, doubled or out of order is found, and is an error.
func TestVerdict(t *testing.T) {
	for name, c := range map[string]struct {
		ana, bo                []uint32
		lost, doubled, unruled int
	}{
		"all is well":     {[]uint32{2, 3}, []uint32{2, 3}, 0, 0, 0},
		"one is lost":     {[]uint32{2, 3}, []uint32{2}, 1, 0, 0},
		"one comes twice": {[]uint32{2, 3}, []uint32{2, 3, 3}, 0, 1, 1},
		"a hole":          {[]uint32{2, 3}, []uint32{3}, 1, 0, 1},
	} {
		crowd := newCrowd("x", 2, 1)
		room := crowd.rooms[0]
		now := time.Now()
		for seq := uint32(2); seq <= 3; seq++ {
			id := string(rune('0' + seq))
			room.send(id, now)
			room.ack(id, now)
		}
		for i, seqs := range [][]uint32{c.ana, c.bo} {
			crowd.people[i].last, crowd.people[i].begun = 1, true
			for _, seq := range seqs {
				crowd.people[i].take(said(room.id, seq, string(rune('0'+seq))), now)
			}
		}
		r := crowd.report(time.Second)
		if r.Acked != 2 || r.Lost != c.lost || r.Doubled != c.doubled || r.OutOfOrder != c.unruled {
			t.Errorf("%s: %+v", name, r)
		}
		if bad := c.lost+c.doubled+c.unruled > 0; (r.verdict() != nil) != bad {
			t.Errorf("%s: %v", name, r.verdict())
		}
	}
}
