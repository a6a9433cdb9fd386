package natsx

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/certs"
)

// DefaultPingInterval is how often a connection asks whether its server still
// lives. It is given up after two unanswered pings.
const DefaultPingInterval = time.Second

const (
	reconnectWait   = 250 * time.Millisecond
	reconnectJitter = 250 * time.Millisecond
	attemptTimeout  = 2 * time.Second
)

// Options say where to connect and as whom. Either CredsFile or Seed, either
// URL or InProcess.
type Options struct {
	// URL of the server; several, parted by commas, for a cluster.
	URL string
	// CredsFile holds an nkey seed or is a .creds file.
	CredsFile string
	// Seed is an nkey seed.
	Seed []byte
	// Service and Instance name the connection and its inboxes ([subject.Inbox]).
	Service, Instance string
	// Log takes what happens to the connection. Nil: [slog.Default].
	Log *slog.Logger
	// PingInterval: 0 is [DefaultPingInterval].
	PingInterval time.Duration
	// TLS, if set, is what to connect with; nothing else will do then. The files
	// are read again for each connection.
	TLS certs.Files
	// InProcess connects to a server in this process instead of URL.
	InProcess nats.InProcessConnProvider
}

// Connect connects, and tries again until ctx ends. The connection then
// reconnects for ever; its owner drains or closes it. ctx does not bound the
// life of the connection.
func Connect(ctx context.Context, o Options) (*nats.Conn, error) {
	if o.Service == "" || o.Instance == "" {
		return nil, errors.New("natsx: connect: Service and Instance must be set")
	}
	log := o.Log
	if log == nil {
		log = slog.Default()
	}
	log = log.With("component", "nats")
	options, err := o.natsOptions(log)
	if err != nil {
		return nil, err
	}
	return dial(ctx, o.where(), options, log)
}

func (o Options) where() string {
	if o.InProcess != nil {
		return ""
	}
	return o.URL
}

func (o Options) natsOptions(log *slog.Logger) ([]nats.Option, error) {
	login, err := o.login()
	if err != nil {
		return nil, err
	}
	ping := o.PingInterval
	if ping == 0 {
		ping = DefaultPingInterval
	}
	options := []nats.Option{
		nats.Name(o.Service + "-" + o.Instance),
		nats.CustomInboxPrefix(subject.Inbox(o.Service, o.Instance)),
		nats.Timeout(attemptTimeout),
		nats.MaxReconnects(-1),
		nats.IgnoreAuthErrorAbort(),
		nats.ReconnectWait(reconnectWait),
		nats.ReconnectJitter(reconnectJitter, reconnectJitter),
		nats.PingInterval(ping),
		nats.MaxPingsOutstanding(2),
		nats.PermissionErrOnSubscribe(true),
		login,
	}
	if !o.TLS.None() {
		secure, err := o.secure(log)
		if err != nil {
			return nil, err
		}
		options = append(options, secure)
	}
	if o.InProcess != nil {
		options = append(options, nats.InProcessServer(o.InProcess))
	}
	return append(options, handlers(log)...), nil
}

// dial makes attempts until one succeeds or ctx ends.
func dial(ctx context.Context, url string, options []nats.Option, log *slog.Logger) (*nats.Conn, error) {
	told := ""
	for {
		nc, err := nats.Connect(url, options...)
		if err == nil {
			log.Info("connected to NATS", "server", nc.ConnectedServerName())
			return nc, nil
		}
		if permanent(err) {
			return nil, fmt.Errorf("natsx: connect to NATS at %q: %w", url, err)
		}
		if err.Error() != told { // once per reason, not once per attempt
			told = err.Error()
			log.Warn("no connection to NATS yet, trying again", "url", url, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("natsx: no connection to NATS at %q: %w (the last attempt: %w)", url, context.Cause(ctx), err)
		case <-time.After(reconnectWait):
		}
	}
}
