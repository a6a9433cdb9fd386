package history

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// disk knows what a stored event survives: it asks the servers, at the start
// and after each reconnect, and claims nothing that it could not verify. Safe
// for concurrent use.
type disk struct {
	nc       *nats.Conn
	replicas int
	want     bool // acks are wanted to say DISK or more
	log      *slog.Logger

	mu    sync.Mutex
	level chatv1.Durability
	err   error
}

func newDisk(nc *nats.Conn, cfg Config, log *slog.Logger) *disk {
	return &disk{nc: nc, replicas: cfg.Replicas, want: cfg.Durability == "disk", log: log, level: chatv1.Durability_OS, err: errors.New("not verified yet")}
}

// durability is what acks may promise now.
func (d *disk) durability() chatv1.Durability {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.level
}

// failing is why acks promise less than is wanted; nil: they do not.
func (d *disk) failing() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.want {
		return nil
	}
	return d.err
}

// run verifies until ctx ends.
func (d *disk) run(ctx context.Context) {
	changes := d.nc.StatusChanged(nats.CONNECTED, nats.RECONNECTING, nats.DISCONNECTED)
	defer d.nc.RemoveStatusListener(changes)
	for {
		again := time.Hour
		if err := d.verify(ctx); err != nil {
			again = time.Second
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case status := <-changes:
			if status != nats.CONNECTED {
				d.set(chatv1.Durability_OS, errors.New("the connection to NATS was lost; the servers are asked again"))
			}
		case <-timer.C:
		}
		timer.Stop()
	}
}

// verify asks the servers once.
func (d *disk) verify(ctx context.Context) error {
	info, err := natsx.StorageDurability(ctx, d.nc)
	switch {
	case err != nil:
		d.set(chatv1.Durability_OS, fmt.Errorf("the servers did not say how they sync, so acks say OS: %w", err))
	case !info.SyncAlways:
		err = errors.New("a NATS server does not sync before it acks (sync_interval is not always), so acks say OS")
		d.set(chatv1.Durability_OS, err)
	case d.replicas == 1:
		d.set(chatv1.Durability_DISK, nil)
	case info.Servers >= d.replicas:
		d.set(chatv1.Durability_QUORUM, nil)
	default:
		// A majority syncs what it acks, and all that were heard do; that a
		// silent one does too is not known.
		err = fmt.Errorf("%d of %d NATS servers said how they sync, so acks say OS", info.Servers, d.replicas)
		d.set(chatv1.Durability_OS, err)
	}
	return err
}

func (d *disk) set(level chatv1.Durability, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.level != level {
		d.log.Info("what acks promise", "durability", level.String(), "reason", err)
	}
	d.level, d.err = level, err
}
