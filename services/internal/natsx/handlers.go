package natsx

import (
	"errors"
	"log/slog"

	"github.com/nats-io/nats.go"
)

// handlers log whatever happens to a connection behind its user's back. A
// refused publish is seen nowhere else: to the publisher it looks like a
// timeout.
func handlers(log *slog.Logger) []nats.Option {
	return []nats.Option{
		nats.DisconnectErrHandler(func(nc *nats.Conn, err error) {
			if nc.IsClosed() || nc.IsDraining() {
				return
			}
			log.Warn("lost the connection to NATS, reconnecting", "error", err)
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			log.Info("connected to NATS again", "server", nc.ConnectedServerName())
		}),
		nats.ReconnectErrHandler(func(_ *nats.Conn, err error) {
			log.Debug("could not reconnect to NATS yet", "error", err)
		}),
		nats.ClosedHandler(func(*nats.Conn) { log.Debug("closed the connection to NATS") }),
		nats.LameDuckModeHandler(func(*nats.Conn) { log.Info("the NATS server is about to stop") }),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) { logError(log, sub, err) }),
	}
}

func logError(log *slog.Logger, sub *nats.Subscription, err error) {
	if sub != nil {
		log = log.With("subject", sub.Subject)
	}
	switch {
	case errors.Is(err, nats.ErrSlowConsumer) && sub != nil:
		dropped, _ := sub.Dropped()
		log.Warn("messages from NATS were dropped, since they came faster than they were handled", "dropped", dropped)
	case errors.Is(err, nats.ErrPermissionViolation):
		log.Error("NATS refused what this service may not do; compare the server's permissions with this version's", "error", err)
	default:
		log.Warn("an error on the connection to NATS", "error", err)
	}
}

// permanent tells errors that no further attempt can mend.
func permanent(err error) bool {
	return errors.Is(err, nats.ErrNkeyButNoSigCB) || errors.Is(err, nats.ErrNkeyAndUser) || errors.Is(err, nats.ErrSecureConnWanted)
}
