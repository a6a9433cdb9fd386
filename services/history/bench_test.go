package history

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// BenchmarkSends: 256 senders, each with one message under way, over NATS to
// the writers; and in the same run one JetStream publish per message, synced.
func BenchmarkSends(b *testing.B) {
	server := natstest.Start(b)
	const senders = 256
	single := publishEach(b, server, senders)
	h := start(b, server, b.TempDir())
	rooms := make([]string, 64)
	for i := range rooms {
		rooms[i] = fmt.Sprint("room-", i)
		h.must(create(rooms[i], rooms[i], "ana"))
	}
	var n atomic.Int64
	b.ResetTimer()
	began := time.Now()
	each(senders, func(i int) bool {
		k := n.Add(1)
		if k > int64(b.N) {
			return false
		}
		room := rooms[i%len(rooms)]
		data, err := proto.Marshal(send(fmt.Sprint(k), room, "ana", message(fmt.Sprint(k), "a message of some forty bytes, as people write", 1)))
		if err != nil {
			b.Error(err)
			return false
		}
		msg, err := h.gateway.Request(subject.Command(subject.Partition(room, h.partitions)), data, 10*time.Second)
		reply := &chatv1.CommandReply{}
		if err != nil || proto.Unmarshal(msg.Data, reply) != nil || len(reply.GetResults()) != 1 || reply.GetResults()[0].GetSeq() == 0 {
			b.Errorf("send: %v %v", reply, err)
			return false
		}
		return true
	})
	rate := float64(b.N) / time.Since(began).Seconds()
	b.ReportMetric(rate, "acks/s")
	b.ReportMetric(rate/single, "x-single-publish")
	b.ReportMetric(float64(b.N)/float64(h.metrics.count()), "sends/commit")
	b.ReportMetric(h.metrics.meanCommit()*1e6, "us/commit")
}

// publishEach is the rate of one synced publish per message.
func publishEach(b *testing.B, server *natstest.Server, senders int) float64 {
	js, err := jetstream.New(server.Connect(b, natsx.Operator))
	if err != nil {
		b.Fatal(err)
	}
	if _, err := js.CreateStream(b.Context(), jetstream.StreamConfig{Name: "single", Subjects: []string{"single"}, Storage: jetstream.FileStorage}); err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	data := make([]byte, 200)
	began := time.Now()
	each(senders, func(int) bool {
		if time.Since(began) > 2*time.Second {
			return false
		}
		if _, err := js.Publish(b.Context(), "single", data); err != nil {
			b.Error(err)
			return false
		}
		n.Add(1)
		return true
	})
	return float64(n.Load()) / time.Since(began).Seconds()
}

// each runs do in many goroutines, each until it says false.
func each(goroutines int, do func(i int) bool) {
	var wg sync.WaitGroup
	for i := range goroutines {
		wg.Go(func() {
			for do(i) {
			}
		})
	}
	wg.Wait()
}

func (m *metrics) read() *dto.Histogram {
	var d dto.Metric
	_ = m.commits.Write(&d)
	return d.GetHistogram()
}

func (m *metrics) count() uint64 { return m.read().GetSampleCount() }

func (m *metrics) meanCommit() float64 { return m.read().GetSampleSum() / float64(m.count()) }
