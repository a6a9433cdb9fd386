package process

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// ask is how often a program is asked whether it is ready.
const ask = 20 * time.Millisecond

// WaitReady waits until the program answers 200 where it tells whether it is
// ready. It fails when the program ends, when ctx ends, or after [Patience].
func (p *Process) WaitReady(ctx context.Context) error {
	c := p.child()
	if c == nil {
		return fmt.Errorf("%s does not run", p.cfg.Name)
	}
	if p.cfg.Ready == "" {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, Patience, fmt.Errorf("not ready within %s", Patience))
	defer cancel()
	tick := time.NewTicker(ask)
	defer tick.Stop()
	for answer := "nobody listens"; ; {
		var ready bool
		if ready, answer = readiness(ctx, p.cfg.Ready, answer); ready {
			return nil
		}
		select {
		case <-c.done:
			return fmt.Errorf("%s ended (%s) before it was ready; its log ends with:\n%s", p.cfg.Name, c.cmd.ProcessState, p.Tail(30))
		case <-ctx.Done():
			return fmt.Errorf("%s: %w; it last said: %s; its log ends with:\n%s", p.cfg.Name, context.Cause(ctx), answer, p.Tail(30))
		case <-tick.C:
		}
	}
}

// readiness also gives what the program said, or what it said before if it
// does not answer now.
func readiness(ctx context.Context, url, before string) (bool, string) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false, err.Error()
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false, before
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, 4096))
	return response.StatusCode == http.StatusOK, strings.TrimSpace(string(body))
}
