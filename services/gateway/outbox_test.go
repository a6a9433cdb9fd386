package gateway

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// pipe is a real socket: what the server's side writes, the other reads.
func pipe(t *testing.T) (server, client net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err = net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close(); _ = client.Close() })
	return server, client
}

func testOutbox(t *testing.T, limit int) (*outbox, net.Conn, chan struct{}) {
	server, client := pipe(t)
	s := newSocket(server, &buffers{}, limit, func() int64 { return 0 })
	slow := make(chan struct{})
	s.out.slow = func() { close(slow) }
	return &s.out, client, slow
}

func TestOutboxKeepsTheOrderOfManyWriters(t *testing.T) {
	o, client, _ := testOutbox(t, 1<<30)
	const writers, each = 8, 2000
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				b := binary.BigEndian.AppendUint32([]byte{byte(w)}, uint32(i))
				if o.put(b, durable) == owed {
					o.flush()
				}
			}
		})
	}
	next := make([]uint32, writers)
	b := make([]byte, 5)
	for range writers * each {
		if _, err := io.ReadFull(client, b); err != nil {
			t.Fatal(err)
		}
		if got := binary.BigEndian.Uint32(b[1:]); got != next[b[0]] {
			t.Fatalf("writer %d: %d, want %d", b[0], got, next[b[0]])
		}
		next[b[0]]++
	}
	wg.Wait()
}

func TestOutboxShedsByClassAndLetsGoOfTheSlow(t *testing.T) {
	const limit = 256 << 10
	o, client, slow := testOutbox(t, limit)
	block := bytes.Repeat([]byte("x"), 1<<10)
	put := func(c class) verdict {
		v := o.put(block, c)
		if v == owed {
			o.flush()
		}
		return v
	}
	for o.size() <= limit/2 { // the client does not read
		if put(durable) == shed {
			t.Fatal("shed below half")
		}
	}
	if put(ephemeral) != shed || put(state) != shed {
		t.Error("over half full, passing frames were taken")
	}
	for range limit {
		if put(durable) == shed {
			break
		}
		if size := o.size(); size > limit+2*len(block) {
			t.Fatalf("%d bytes wait", size)
		}
	}
	select {
	case <-slow:
	case <-time.After(patience):
		t.Fatal("nobody was told")
	}
	// What was begun is finished, so that the close frame can be read.
	_ = client.SetReadDeadline(time.Now().Add(patience))
	reader := bufio.NewReader(client)
	for first, _ := reader.Peek(1); len(first) == 1 && first[0] == block[0]; first, _ = reader.Peek(1) {
		if got, err := reader.Discard(len(block)); err != nil {
			t.Fatalf("a block of %d bytes: %v", got, err)
		}
	}
	last := make([]byte, 4)
	if _, err := io.ReadFull(reader, last); err != nil || last[0] != 0x88 || binary.BigEndian.Uint16(last[2:]) != closeSlow {
		t.Errorf("in place of a close frame: %x, %v", last, err)
	}
}

func TestOneStoppedReaderDelaysNobody(t *testing.T) {
	r := start(t)
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	stopped := r.dialStopped(t, "bo")
	defer stopped.Close()
	reader, _ := r.hello(t, "cy")
	reader.must("room", "watch", object{"room": "lobby"})
	eventually(t, "both watch", func() bool { return r.feeds.get("lobby").count() == 2 })
	text := strings.Repeat("long ", 3000)
	for i := range 600 { // some megabytes: more than sockets hold
		r.town.Post("ana", "lobby", msgID(i), text)
		reader.event(i + 2)
	}
	eventually(t, "the stopped reader is let go", func() bool { return r.feeds.get("lobby").count() == 1 })
}

// count is the number of sessions in the feed.
func (f *feed) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.seats)
}

// TestAPageLargerThanTheOutbox is no reason to let go of who reads.
func TestAPageLargerThanTheOutbox(t *testing.T) {
	r := start(t, func(c *Config) { c.OutboxBytes = 64 << 10 })
	r.town.Create("ana", "lobby", chatv1.RoomKind_PUBLIC)
	text := strings.Repeat("long ", 3000)
	for i := range 100 {
		r.town.Post("ana", "lobby", msgID(i), text)
	}
	ana, _ := r.hello(t, "ana")
	if page := ana.must("page", "messages", object{"room": "lobby", "limit": 100}); len(page["messages"].([]any)) != 100 {
		t.Error("the page is not whole")
	}
	// Nor is a resume of more than fits at once: it goes as fast as it is read.
	bo, _ := r.hello(t, "ana", resumeAt("lobby", 1))
	for seq := 2; seq <= 101; seq++ {
		bo.event(seq)
	}
	r.town.Post("ana", "lobby", "after", "after")
	bo.event(102)
}
