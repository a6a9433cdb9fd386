package tracing_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/natter-chat/natter/services/internal/tracing"
)

// TestLinesNameTheirRequest, and its trace; others name none.
func TestLinesNameTheirRequest(t *testing.T) {
	tracer, _ := start(t, "http://127.0.0.1:1")
	t.Cleanup(func() { _ = tracer.Close() })
	span := tracer.Root("x", tracing.Server, time.Now())
	var out bytes.Buffer
	log := slog.New(tracing.Logs(slog.NewTextHandler(&out, nil))).With("component", "x")
	log.WarnContext(tracing.WithRequest(tracing.With(t.Context(), span), "r1"), "a line")
	if line := out.String(); !strings.Contains(line, "component=x") || !strings.Contains(line, "request=r1") || !strings.Contains(line, "trace="+span.TraceID()) {
		t.Errorf("the line of a request is %s", line)
	}
	out.Reset()
	log.WarnContext(t.Context(), "a line")
	log.Warn("a line")
	if line := out.String(); strings.Contains(line, "request=") || strings.Contains(line, "trace=") {
		t.Errorf("a line of no request is %s", line)
	}
}
