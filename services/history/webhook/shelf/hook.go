package shelf

import (
	"time"

	"github.com/natter-chat/natter/services/history/webhook"
)

// Hook is a webhook as it is kept.
type Hook struct {
	ID      string   `json:"id"`
	Name    string   `json:"name,omitempty"`
	URL     string   `json:"url"`
	Rooms   []string `json:"rooms"`
	Kinds   []string `json:"kinds,omitempty"`
	Secrets []Secret `json:"secrets"`
	// Disabled says why no deliveries are made; empty: they are.
	Disabled string    `json:"disabled,omitempty"`
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
	// Starts says where in each partition's log it began.
	Starts []Start `json:"starts"`
	// From is the seq behind which it began, of its one room; nil: it began with
	// what came.
	From *uint32 `json:"from,omitempty"`
	// Gap tells that the log does not reach back to where deliveries stood.
	Gap bool `json:"gap,omitempty"`

	// Revision in the bucket.
	Revision uint64 `json:"-"`
}

// Secret signs deliveries until a time; zero: for good.
type Secret struct {
	Value string    `json:"value"`
	Until time.Time `json:"until,omitzero"`
}

// Start is a place in a partition's log.
type Start struct {
	// Stream is when it was created, Unix ns: another value is another log.
	Stream int64 `json:"stream"`
	// Sequence of the first record.
	Sequence uint64 `json:"sequence"`
}

// Enabled tells whether deliveries are made.
func (h Hook) Enabled() bool { return h.Disabled == "" }

// Selection is what the webhook is told.
func (h Hook) Selection() webhook.Selection {
	return webhook.Selection{Rooms: h.Rooms, Kinds: h.Kinds}
}

// Signing are the secrets in force at a time, the newest first.
func (h Hook) Signing(now time.Time) []string {
	var secrets []string
	for _, s := range h.Secrets {
		if s.Until.IsZero() || s.Until.After(now) {
			secrets = append(secrets, s.Value)
		}
	}
	return secrets
}

// Place is how a webhook's courier follows a partition's log.
type Place struct {
	// Consumer is the durable consumer in force, and Previous the one before it,
	// which may not be deleted yet.
	Consumer string `json:"consumer,omitempty"`
	Previous string `json:"previous,omitempty"`
	// Start is where Consumer began.
	Start Start `json:"start"`

	// Revision in the bucket; 0: not there.
	Revision uint64 `json:"-"`
}

// Dead is a delivery that was given up.
type Dead struct {
	Room string `json:"room"`
	// After and Through are the seqs that it is about.
	After    uint32    `json:"after"`
	Through  uint32    `json:"through"`
	Attempts int       `json:"attempts"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Problem  string    `json:"problem"`
	// Retry asks for another attempt.
	Retry bool `json:"retry,omitempty"`

	// Revision in the bucket.
	Revision uint64 `json:"-"`
}
