package history

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// claimed is what a writer was told of one of its records.
type claimed struct {
	id   string
	at   uint64
	fate fate
}

func openJournal(t testing.TB, server *natstest.Server, owner string, timeout func() time.Duration) *journal {
	t.Helper()
	nc := server.Connect(t, natsx.History)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := openStream(t.Context(), js, streamConfig(0, 1, 64<<20))
	if err != nil {
		t.Fatal(err)
	}
	acks, err := newAcks(nc, subject.LogStream(0))
	if err != nil {
		t.Fatal(err)
	}
	return &journal{
		js: js, stream: stream, owner: owner, acks: acks, timeout: timeout, log: slog.New(slog.DiscardHandler),
		trouble: func(error) {}, decided: func() {}, filled: func(*chatv1.LogRecord) {},
	}
}

// append stores a record as the writer does.
func (j *journal) append(ctx context.Context, r *chatv1.LogRecord) (fate, error) {
	err := j.begin(r)
	for late := time.After(j.timeout()); err == nil; {
		select {
		case msg := <-j.acks.came:
			var ours bool
			if ours, err = j.heard(msg, r); ours && err == nil {
				return stored, nil
			}
		case <-late:
			err = errNoAnswer
		}
	}
	j.acks.giveUp()
	return j.settle(ctx, r, err)
}

// rounds appends for a while, and takes over again whenever it is superseded,
// and now and then without cause, until enough is true.
func rounds(ctx context.Context, j *journal, overtaken *atomic.Int32, enough func() bool) ([]claimed, error) {
	var claims []claimed
	for !enough() {
		if err := j.claim(ctx, func(replayed) {}); err != nil {
			return claims, err
		}
		for !enough() {
			r := &chatv1.LogRecord{TimeMs: int64(len(claims)), Events: []*chatv1.Event{{Room: j.owner, Seq: uint32(len(claims) + 1)}}}
			// The id of the first attempt is the record's own.
			got, err := j.append(ctx, r)
			if err != nil {
				return claims, err
			}
			claims = append(claims, claimed{id: string(r.GetId()), at: r.GetSequence(), fate: got})
			if got == superseded {
				overtaken.Add(1)
				break
			}
			if rand.N(8) == 0 {
				break
			}
			// Room for the other one.
			if err := sleep(ctx, rand.N(3*time.Millisecond)); err != nil {
				return claims, err
			}
		}
	}
	return claims, nil
}

// TestTwoWritersUnderLostAnswers lets two owners write one partition at the
// same time, most answers lost. Whatever a writer was told has to be so in the
// log: stored once and in its place, or never.
func TestTwoWritersUnderLostAnswers(t *testing.T) {
	server := natstest.Start(t)
	impatient := func() time.Duration {
		if rand.N(2) == 0 {
			return 200*time.Microsecond + rand.N(time.Millisecond)
		}
		return time.Second
	}
	const writers = 2
	var overtaken atomic.Int32
	enough := func() bool { return overtaken.Load() >= 60 }
	claims := make([][]claimed, writers)
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	for i := range writers {
		j := openJournal(t, server, fmt.Sprint("w", i), impatient)
		wg.Go(func() {
			var err error
			if claims[i], err = rounds(ctx, j, &overtaken, enough); err != nil {
				t.Errorf("writer %d: %v", i, err)
			}
		})
	}
	wg.Wait()

	stands := map[string]uint64{}
	reader := openJournal(t, server, "reader", func() time.Duration { return time.Second })
	if err := reader.takeOver(t.Context(), store.Position{}, func(r replayed) {
		id := string(r.record.GetId())
		if _, twice := stands[id]; twice {
			t.Errorf("record %x counts twice", id)
		}
		stands[id] = r.record.GetSequence()
	}); err != nil {
		t.Fatal(err)
	}
	tally := map[fate]int{}
	for i := range writers {
		for _, c := range claims[i] {
			tally[c.fate]++
			at, is := stands[c.id]
			if is != (c.fate == stored) || is && at != c.at {
				t.Errorf("writer %d was told %v at %d; the log says %v at %d", i, c.fate, c.at, is, at)
			}
		}
	}
	t.Logf("stored %d, lost %d, superseded %d", tally[stored], tally[lost], tally[superseded])
}

// TestVoidRecordIsSteppedOver: what somebody without the fence wrote does not
// count, and does not stop the partition.
func TestVoidRecordIsSteppedOver(t *testing.T) {
	server := natstest.Start(t)
	j := openJournal(t, server, "w", func() time.Duration { return time.Second })
	if err := j.takeOver(t.Context(), store.Position{}, func(replayed) {}); err != nil {
		t.Fatal(err)
	}
	if _, err := j.js.Publish(t.Context(), "chat.log.0", []byte("not a record")); err != nil {
		t.Fatal(err)
	}
	r := &chatv1.LogRecord{TimeMs: 1}
	if got, err := j.append(t.Context(), r); err != nil || got != lost {
		t.Fatalf("an append behind a void record: %v, %v; want lost", got, err)
	}
	if got, err := j.append(t.Context(), r); err != nil || got != stored {
		t.Fatalf("the next append: %v, %v; want stored", got, err)
	}
	count := 0
	again := openJournal(t, server, "v", func() time.Duration { return time.Second })
	if err := again.takeOver(t.Context(), store.Position{}, func(replayed) { count++ }); err != nil {
		t.Fatal(err)
	}
	if count != 3 { // the first claim, the record, the second claim
		t.Errorf("%d records count, want 3", count)
	}
}

func TestFullLogIsToldAndHeals(t *testing.T) {
	server := natstest.Start(t)
	j := openJournal(t, server, "w", func() time.Duration { return time.Second })
	if err := j.takeOver(t.Context(), store.Position{}, func(replayed) {}); err != nil {
		t.Fatal(err)
	}
	config := j.stream.CachedInfo().Config
	config.MaxBytes = 1
	if _, err := j.js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1000)
	j.trouble = func(err error) { told <- err }
	done := make(chan fate, 1)
	go func() {
		got, _ := j.append(t.Context(), &chatv1.LogRecord{TimeMs: 1})
		done <- got
	}()
	if err := <-told; err == nil {
		t.Error("a full log is not told of")
	}
	config.MaxBytes = 64 << 20
	if _, err := j.js.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	select {
	case got := <-done:
		if got != lost {
			t.Errorf("the refused append: %v, want lost, since an empty record took its place", got)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("the append is never settled")
	}
}
