package rpc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// lockedBuffer takes lines of several goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// TestCausesStayInside: why something is refused is logged with the name of the
// request, which goes along from service to service; the caller is told the refusal.
func TestCausesStayInside(t *testing.T) {
	t.Parallel()
	out := &lockedBuffer{}
	cfg := tokens()
	cfg.Log = slog.New(tracing.Logs(slog.NewTextHandler(out, nil)))
	_, addr := serve(t, cfg, func(ctx context.Context) (string, error) {
		refusal := rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "come back"})
		return tracing.Request(ctx), rpc.Because(refusal, errors.New("the disk burns"))
	})
	conn := dial(t, addr, serviceToken, config.TLS{})
	_, err := call(tracing.WithRequest(t.Context(), "session-7"), conn)
	if err == nil || strings.Contains(err.Error(), "disk") || rpc.RefusalOf(err).GetCode() != chatv1.ErrorCode_UNAVAILABLE {
		t.Errorf("the caller is told %v", err)
	}
	out.mu.Lock()
	defer out.mu.Unlock()
	if line := out.String(); !strings.Contains(line, "the disk burns") || !strings.Contains(line, "request=session-7") || strings.Count(line, "\n") != 1 {
		t.Errorf("the log has %q", line)
	}
}
