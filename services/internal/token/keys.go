package token

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// fileEvery is how often a file is looked at.
	fileEvery = time.Second
	// retryMost is how long a source that fails is left alone at most.
	retryMost = 30 * time.Second
	// refetchPause is how long an unknown key waits for the next look at a URL
	// since the last: tokens with made-up keys must not become requests.
	refetchPause = 10 * time.Second
)

// KeysConfig says where the issuer's public keys are.
type KeysConfig struct {
	// Source is the path of a file, or an http or https URL, that holds a JWKS.
	Source string
	// Refresh is how often a URL is asked; a file is looked at each second.
	Refresh time.Duration
	// Pause between two looks at a URL for keys that are not known; 0: 10 s.
	Pause time.Duration
	// Log takes what happens to the keys. Needed.
	Log *slog.Logger
}

// Keys are the public keys of an issuer, as its JWKS names them, newly read
// now and then. The last good ones stay while it cannot be read. Safe for
// concurrent use.
type Keys struct {
	cfg    KeysConfig
	source keySource
	set    atomic.Pointer[keyset]

	mu       sync.Mutex
	reading  chan struct{} // closed when the look under way is over; nil: none is
	last     time.Time     // begin of the last look
	data     []byte        // that the set was made of
	problem  error         // of the last look
	reported string
}

// NewKeys refuses a source that can never be read. Whether it can be now is
// found by Run.
func NewKeys(cfg KeysConfig) (*Keys, error) {
	source, err := newKeySource(cfg.Source)
	if err != nil {
		return nil, err
	}
	if cfg.Pause == 0 {
		cfg.Pause = refetchPause
	}
	return &Keys{cfg: cfg, source: source, problem: errors.New("not read yet")}, nil
}

// Run reads the keys until ctx ends.
func (k *Keys) Run(ctx context.Context) {
	failed := 0
	for {
		failed++
		if k.look(ctx) == nil {
			failed = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(k.next(failed)):
		}
	}
}

// next is when to look again after so many failures in a row.
func (k *Keys) next(failed int) time.Duration {
	usual := k.cfg.Refresh
	if k.source.client == nil {
		usual = fileEvery
	}
	if failed == 0 {
		return usual
	}
	return min(usual, retryMost, time.Second<<min(failed-1, 6))
}

// Failing says why there are no keys; nil if there are.
func (k *Keys) Failing() error {
	if k.set.Load() != nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return fmt.Errorf("NATTER_JWKS: no keys to check tokens with; it is tried again for ever: %w", k.problem)
}

// seek looks for keys that are not known yet, unless that was done a moment
// ago, and waits for the outcome.
func (k *Keys) seek(ctx context.Context) {
	k.mu.Lock()
	under, soon := k.reading, time.Since(k.last) < k.cfg.Pause && k.source.client != nil
	k.mu.Unlock()
	if under == nil {
		if !soon {
			_ = k.look(ctx) // its error is kept
		}
		return
	}
	select {
	case <-under:
	case <-ctx.Done():
	}
}

// look reads the source once. Who comes while that is under way waits for it.
func (k *Keys) look(ctx context.Context) error {
	k.mu.Lock()
	if under := k.reading; under != nil {
		k.mu.Unlock()
		select {
		case <-under:
		case <-ctx.Done():
		}
		return ctx.Err()
	}
	done := make(chan struct{})
	k.reading, k.last = done, time.Now()
	k.mu.Unlock()
	// Not bounded by who happened to ask: others wait for it too.
	reading, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTimeout)
	defer cancel()
	data, err := k.source.read(reading)
	k.mu.Lock()
	defer k.mu.Unlock()
	if err == nil {
		err = k.take(data)
	}
	k.problem, k.reading = withoutAddress(err), nil
	k.report()
	close(done)
	return err
}

// take makes what was read the keys in force.
func (k *Keys) take(data []byte) error {
	if k.data != nil && bytes.Equal(data, k.data) {
		return nil
	}
	set, err := parseKeys(data)
	if err != nil {
		return err
	}
	k.data = data
	k.set.Store(set)
	k.cfg.Log.Info("the issuer's keys were read", "keys", set.count(), "left out", set.refused)
	return nil
}

// report tells of a problem once, and of its end.
func (k *Keys) report() {
	text := ""
	if k.problem != nil {
		text = k.problem.Error()
	}
	if text == k.reported {
		return
	}
	k.reported = text
	if text != "" {
		k.cfg.Log.Warn("the issuer's keys cannot be read; the last good ones, if there are any, stay in force", "error", text)
	}
}

// withoutAddress takes the URL out of an error: it may hold a password.
func withoutAddress(err error) error {
	var told *url.Error
	if errors.As(err, &told) {
		return told.Err
	}
	return err
}
