package natsx

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/natter-chat/natter/proto/subject"
)

// settle is how long to wait for a further server after the last answer.
const settle = 300 * time.Millisecond

// ErrNoStorageInfo says that no server told how it syncs.
var ErrNoStorageInfo = errors.New("natsx: no NATS server answered " + subject.StorageInfo +
	"; the servers' configuration must export it to natter's account")

// Durability is what the servers that were heard do with a write.
type Durability struct {
	// SyncAlways: every one of them syncs to disk before it acknowledges.
	SyncAlways bool
	// Servers counts those with JetStream that answered, 1 or more.
	Servers int
}

// StorageDurability asks all servers how they sync, and waits until 300 ms
// pass without a further answer, or ctx ends. Without any answer within 2 s
// it is [ErrNoStorageInfo]. A server that is away is not counted, so in a
// cluster compare Servers with what is expected.
func StorageDurability(ctx context.Context, nc *nats.Conn) (Durability, error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	inbox := nc.NewRespInbox()
	sub, err := nc.SubscribeSync(inbox)
	if err != nil {
		return Durability{}, fmt.Errorf("natsx: ask how the servers sync: %w", err)
	}
	defer sub.Unsubscribe()
	if err := nc.PublishRequest(subject.StorageInfo, inbox, []byte(`{"config":true}`)); err != nil {
		return Durability{}, fmt.Errorf("natsx: ask how the servers sync: %w", err)
	}
	return gather(ctx, sub)
}

func gather(ctx context.Context, sub *nats.Subscription) (Durability, error) {
	all := Durability{SyncAlways: true}
	for {
		wait, cancel := ctx, context.CancelFunc(func() {})
		if all.Servers > 0 {
			wait, cancel = context.WithTimeout(ctx, settle)
		}
		msg, err := sub.NextMsgWithContext(wait)
		cancel()
		switch {
		case err == nil:
		case all.Servers > 0 && errors.Is(err, context.DeadlineExceeded):
			return all, nil
		case errors.Is(err, nats.ErrNoResponders), errors.Is(err, context.DeadlineExceeded):
			return Durability{}, ErrNoStorageInfo
		default:
			return Durability{}, fmt.Errorf("natsx: ask how the servers sync: %w", err)
		}
		if err := all.add(msg.Data); err != nil {
			return Durability{}, err
		}
	}
}

func (d *Durability) add(reply []byte) error {
	var info struct {
		Data struct {
			Disabled bool `json:"disabled"`
			Config   struct {
				SyncAlways bool `json:"sync_always"`
			} `json:"config"`
		} `json:"data"`
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(reply, &info); err != nil {
		return fmt.Errorf("natsx: how a server syncs: %w", err)
	}
	if info.Error != nil {
		return fmt.Errorf("natsx: how a server syncs: %s", info.Error.Description)
	}
	if info.Data.Disabled {
		return nil
	}
	d.Servers++
	d.SyncAlways = d.SyncAlways && info.Data.Config.SyncAlways
	return nil
}
