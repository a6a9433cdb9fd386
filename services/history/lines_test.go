package history

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/protobuf/proto"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/logtest"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// unloadable is a library that gives no room.
type unloadable struct{ library }

func (unloadable) Room(context.Context, string) (*room.State, error) {
	return nil, errors.New("the disk burns")
}

// TestLinesOfTheWriterNameTheirRequest, and its trace, where a command's room
// could not be loaded; without a name it is the command's id.
func TestLinesOfTheWriterNameTheirRequest(t *testing.T) {
	tracer, err := tracing.New(t.Context(), tracing.Config{
		Endpoint: "http://127.0.0.1:1", Ratio: 1, Service: "test", Instance: "one", Log: slog.New(slog.DiscardHandler), Registerer: prometheus.NewRegistry(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tracer.Close() })
	log := &logtest.Page{}
	h := start(t, natstest.Start(t), t.TempDir(), func(s *Service) {
		s.loader, s.tracer = newLoader(unloadable{s.store}), tracer
		s.log = slog.New(tracing.Logs(slog.NewTextHandler(log, nil)))
	})
	for _, c := range []struct {
		room, request, want string
	}{{"named", "request-7", "request=request-7 "}, {"nameless", "", "request=c-nameless "}} {
		data, err := proto.Marshal(send("c-"+c.room, c.room, "ana", message("m", "what was said", 1)))
		if err != nil {
			t.Fatal(err)
		}
		span := tracer.Root("socket in", tracing.Server, time.Now())
		header := tracing.Named(tracing.Header([]*tracing.Span{span}), c.request)
		to := subject.Command(subject.Partition(c.room, h.partitions))
		natstest.Eventually(t, time.Minute, "the room's line is there", func() bool {
			_, _ = h.gateway.RequestMsg(&nats.Msg{Subject: to, Header: header, Data: data}, 2*time.Second)
			return log.Line("room="+c.room+" ") != ""
		})
		if line := log.Line("room=" + c.room + " "); !strings.Contains(line, c.want) || !strings.Contains(line, "trace="+span.TraceID()) || strings.Contains(line, "said") {
			t.Errorf("the log has %q, want %s and the trace %s", line, c.want, span.TraceID())
		}
	}
}
