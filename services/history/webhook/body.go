package webhook

import (
	"bytes"
	"encoding/json"
	"strconv"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/eventframe"
)

// Bounds of one delivery.
const (
	// MaxEvents in it.
	MaxEvents = 100
	// MaxBytes is about how much its events hold.
	MaxBytes = 256 << 10
)

// Delivery is some events of one room.
type Delivery struct {
	Webhook string
	Room    string
	Epoch   uint64
	// After and Through are the seqs that it is about: above the one, up to the
	// other.
	After, Through uint32
	// Test tells a delivery of a test, which has no events, from any other.
	Test string
	// Attempt counts from 1.
	Attempt int
	// Events of the kinds that are told, in order.
	Events []*chatv1.Event
}

// ID is the same for each attempt to deliver the same events, and for no
// others.
func (d Delivery) ID() string {
	if d.Test != "" {
		return d.Webhook + ".test." + d.Test
	}
	return d.Webhook + "." + d.Room + "." + strconv.FormatUint(d.Epoch, 10) + "." + strconv.FormatUint(uint64(d.After), 10) + "-" + strconv.FormatUint(uint64(d.Through), 10)
}

// Body is the delivery as it is posted: protobuf's canonical JSON, without
// spaces, with all fields.
func (d Delivery) Body() ([]byte, error) {
	m := &historyv1.WebhookDelivery{
		Webhook: d.Webhook, Delivery: d.ID(), Attempt: uint32(d.Attempt), Room: d.Room, Epoch: d.Epoch, After: d.After, Through: d.Through,
	}
	for _, e := range d.Events {
		m.Events = append(m.Events, eventframe.Of(e))
	}
	text, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, err
	}
	var body bytes.Buffer
	err = json.Compact(&body, text) // its spaces are random
	return body.Bytes(), err
}

// Batch is as many of the events, from the first on, as one delivery holds: at
// least one, if there is one.
func Batch(events []*chatv1.Event) []*chatv1.Event {
	size := 0
	for n, e := range events {
		if size += proto.Size(e); n > 0 && (n == MaxEvents || size > MaxBytes) {
			return events[:n]
		}
	}
	return events
}
