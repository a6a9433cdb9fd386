package history

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
)

// streamConfig is what a partition's log has to be: records are never dropped
// by the server, only refused (a full stream), and never looked up by a copy
// that may be behind (no direct gets).
func streamConfig(partition, replicas int, maxBytes int64) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        subject.LogStream(partition),
		Description: "natter: records of one partition of rooms, written by its owner alone",
		Subjects:    []string{subject.Log(partition)},
		Storage:     jetstream.FileStorage,
		Retention:   jetstream.LimitsPolicy,
		Discard:     jetstream.DiscardNew,
		MaxBytes:    maxBytes,
		MaxMsgs:     -1,
		MaxMsgSize:  1 << 20,
		Replicas:    replicas,
		// The window cannot be 0; without message ids it holds nothing.
		Duplicates: 0,
	}
}

// openStream finds a partition's log, or makes it, and refuses one that could
// lose what was acked.
func openStream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, want)
	}
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", want.Name, err)
	}
	have := s.CachedInfo().Config
	switch {
	case have.Storage != want.Storage, have.Discard != want.Discard, have.Retention != want.Retention, have.MaxAge != 0, have.AllowDirect:
		return nil, fmt.Errorf("stream %s has settings that could lose messages: it must keep files, discard new, have no age limit and no direct gets", want.Name)
	case have.MaxBytes != want.MaxBytes || have.Replicas != want.Replicas:
		have.MaxBytes, have.Replicas = want.MaxBytes, want.Replicas
		if s, err = js.UpdateStream(ctx, have); err != nil {
			return nil, fmt.Errorf("stream %s: set its size and replicas: %w", want.Name, err)
		}
	}
	return s, nil
}
