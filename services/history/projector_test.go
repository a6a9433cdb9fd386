package history

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// takings is an archive that notes when it was given something.
type takings struct{ at chan time.Time }

func (*takings) Position(context.Context, int) (store.Position, error) { return store.Position{}, nil }

func (a *takings) Apply(context.Context, int, store.Position, store.Position, []*chatv1.LogRecord) error {
	a.at <- time.Now()
	return nil
}

// TestTheStoreIsWrittenInTime: messages may wait for a second, where other
// replicas read for less, and memberships hardly at all, since the next device
// of that user asks the store; what somebody waits for does not wait.
func TestTheStoreIsWrittenInTime(t *testing.T) {
	said := &chatv1.Event{Room: "lobby", Seq: 2, User: "ana", Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "hi"}}}
	joined := &chatv1.Event{Room: "lobby", Seq: 3, User: "bo", Change: &chatv1.Event_Joined{Joined: &chatv1.Joined{}}}
	for _, c := range []struct {
		name   string
		shared bool
		wanted bool
		events []*chatv1.Event
		want   time.Duration
	}{
		{name: "message", events: []*chatv1.Event{said}, want: batchFor},
		{name: "message, others read", shared: true, events: []*chatv1.Event{said}, want: sharedBatchFor},
		{name: "membership", events: []*chatv1.Event{said, joined}, want: membersFor},
		{name: "message, a reader waits", wanted: true, events: []*chatv1.Event{said}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				archive := &takings{at: make(chan time.Time, 10)}
				m, err := newMetrics(prometheus.NewRegistry())
				if err != nil {
					t.Fatal(err)
				}
				p := &projector{
					archive: archive, backlog: newBacklog(1 << 20), progress: newProgress(c.shared), metrics: m,
					applied: func(uint64) {}, log: slog.New(slog.DiscardHandler),
				}
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error)
				go func() { ended <- p.run(ctx) }()
				began := time.Now()
				for n, e := range c.events {
					p.backlog.put(&chatv1.LogRecord{Sequence: uint64(n + 1), Events: []*chatv1.Event{e}})
				}
				if c.wanted {
					changed := p.progress.changed
					p.progress.hurry(changed)
				}
				if took := (<-archive.at).Sub(began); took != c.want {
					t.Errorf("the store was written after %s, want %s", took, c.want)
				}
				cancel()
				if err := <-ended; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestProjectorsWriteTogether: what comes to several of them at different times
// of a second.
func TestProjectorsWriteTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		archive := &takings{at: make(chan time.Time, 10)}
		m, err := newMetrics(prometheus.NewRegistry())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		shared := newProgress(false)
		began := time.Now()
		const partitions = 3
		for n := range partitions {
			p := &projector{
				partition: n, archive: archive, backlog: newBacklog(1 << 20), progress: shared, metrics: m,
				applied: func(uint64) {}, log: slog.New(slog.DiscardHandler),
			}
			go func() { ended <- p.run(ctx) }()
			p.backlog.put(&chatv1.LogRecord{Sequence: 1, Events: []*chatv1.Event{{Room: "lobby", Seq: 2, Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "hi"}}}}})
			time.Sleep(batchFor / 4)
		}
		for range partitions {
			if took := (<-archive.at).Sub(began); took != batchFor {
				t.Errorf("the store was written after %s, want %s", took, batchFor)
			}
		}
		cancel()
		for range partitions {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	})
}
