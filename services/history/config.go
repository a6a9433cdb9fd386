package history

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store/postgres"
	"github.com/natter-chat/natter/services/history/webhook"
)

// embedded names the store that needs nothing but a directory.
const embedded = "sqlite"

// Config of the history service. The tags are its flags and environment.
type Config struct {
	// DataDir holds the embedded store.
	DataDir string `name:"data-dir" env:"NATTER_DATA_DIR" default:"./data" help:"Directory of the embedded store."`
	// Store is "sqlite", or the URL of a PostgreSQL database.
	Store string `name:"store" env:"NATTER_STORE" default:"sqlite" placeholder:"sqlite|postgres://..." secret:"url" help:"Where history is kept: sqlite, in the data directory, for one history replica; or a PostgreSQL database, postgres://user:password@host/name?sslmode=verify-full, for any number."`
	// Partitions are fixed when a deployment first starts.
	Partitions int `name:"partitions" env:"NATTER_PARTITIONS" default:"4" help:"Number of logs that rooms are shared over, 1 to 64; fixed at the first start."`
	// Replicas of each log, 1 or 3.
	Replicas int `name:"replicas" env:"NATTER_REPLICAS" default:"1" help:"NATS servers that keep each log: 1, or 3 in a cluster."`
	// Durability that acks shall name: "disk" (or more), or "os".
	Durability string `name:"durability" env:"NATTER_DURABILITY" default:"disk" help:"What an ack shall promise: disk (synced first) or os (written)."`
	// MembersPerRoom and ReactionsPerMessage bound rooms and messages; 0: no limit.
	MembersPerRoom      int `name:"members-per-room" env:"NATTER_MEMBERS_PER_ROOM" default:"10000" help:"Members of one room; 0: no limit."`
	ReactionsPerMessage int `name:"reactions-per-message" env:"NATTER_REACTIONS_PER_MESSAGE" default:"20" help:"Kinds of reaction on one message; 0: no limit."`
	// LogMaxBytes bounds one partition's log; a full log takes no more sends.
	LogMaxBytes int64 `name:"log-max-bytes" env:"NATTER_LOG_MAX_BYTES" default:"4294967296" help:"Bytes that one partition's log may take."`
	// LogWindow is for how long the log keeps what the store has.
	LogWindow time.Duration `name:"log-window" env:"NATTER_LOG_WINDOW" default:"720h" help:"How long a log keeps what the store has: so old may a backup of the store be that is restored; at least 5m."`
	// WebhookAllow are networks to which webhooks go although they are not of the
	// internet, and also without TLS.
	WebhookAllow []string `name:"webhook-allow" env:"NATTER_WEBHOOK_ALLOW" placeholder:"CIDR" help:"Networks, such as 10.1.2.0/24, to which webhooks are delivered though they are private, and also over plain http."`
	// WebhookRetryFor is how long one delivery of a webhook is tried.
	WebhookRetryFor time.Duration `name:"webhook-retry-for" env:"NATTER_WEBHOOK_RETRY_FOR" default:"24h" help:"How long a webhook's delivery is tried, from its first attempt on, before it becomes a dead letter; 0: once."`
	// AuditKeep is for how long it is known what admins did.
	AuditKeep time.Duration `name:"audit-keep" env:"NATTER_AUDIT_KEEP" default:"8760h" help:"How long it is kept what admins did; 0: for ever."`
	// RetentionAge and RetentionCount are how long and how many messages a room
	// keeps that has no retention of its own; 0: for ever, all.
	RetentionAge   time.Duration `name:"retention-age" env:"NATTER_RETENTION_AGE" default:"0" help:"How long a room keeps its messages, 2160h say, unless it has a retention of its own; 0: for ever."`
	RetentionCount int           `name:"retention-count" env:"NATTER_RETENTION_COUNT" default:"0" help:"How many messages a room keeps, unless it has a retention of its own; 0: all."`
}

// minLogWindow is more than a new owner reads back.
const minLogWindow = 5 * time.Minute

// Validate names the setting that is wrong.
func (c Config) Validate() error {
	switch {
	case c.Store != embedded && !strings.HasPrefix(c.Store, "postgres://") && !strings.HasPrefix(c.Store, "postgresql://"):
		return errors.New("NATTER_STORE: it is neither sqlite nor the URL of a PostgreSQL database, postgres://user:password@host/name")
	case c.Partitions < 1 || c.Partitions > 64:
		return fmt.Errorf("NATTER_PARTITIONS: %d is not within 1 to 64", c.Partitions)
	case c.Replicas != 1 && c.Replicas != 3:
		return fmt.Errorf("NATTER_REPLICAS: %d is neither 1 nor 3", c.Replicas)
	case c.Durability != "disk" && c.Durability != "os":
		return fmt.Errorf("NATTER_DURABILITY: %q is neither disk nor os", c.Durability)
	case c.MembersPerRoom < 0:
		return fmt.Errorf("NATTER_MEMBERS_PER_ROOM: %d is less than 0", c.MembersPerRoom)
	case c.ReactionsPerMessage < 0:
		return fmt.Errorf("NATTER_REACTIONS_PER_MESSAGE: %d is less than 0", c.ReactionsPerMessage)
	case c.LogWindow < minLogWindow:
		return fmt.Errorf("NATTER_LOG_WINDOW: %s is less than %s", c.LogWindow, minLogWindow)
	case c.WebhookRetryFor < 0:
		return fmt.Errorf("NATTER_WEBHOOK_RETRY_FOR: %s is less than 0", c.WebhookRetryFor)
	case c.AuditKeep < 0:
		return fmt.Errorf("NATTER_AUDIT_KEEP: %s is below 0", c.AuditKeep)
	case c.RetentionAge != 0 && c.RetentionAge < time.Second || c.RetentionAge/time.Second > math.MaxUint32:
		return fmt.Errorf("NATTER_RETENTION_AGE: %s is neither 0 nor at least a second, and at most 100 years", c.RetentionAge)
	case c.RetentionCount < 0 || c.RetentionCount > math.MaxUint32:
		return fmt.Errorf("NATTER_RETENTION_COUNT: %d is less than 0, or more than a room ever has", c.RetentionCount)
	case c.LogMaxBytes < 16<<20:
		return fmt.Errorf("NATTER_LOG_MAX_BYTES: %d is less than 16 MiB", c.LogMaxBytes)
	}
	if _, err := webhook.ParseAddresses(c.WebhookAllow); err != nil {
		return fmt.Errorf("NATTER_WEBHOOK_ALLOW: %w", err)
	}
	if c.Store != embedded {
		if _, err := postgres.Config(c.Store); err != nil {
			return fmt.Errorf("NATTER_STORE: %w", err)
		}
	}
	return nil
}

// limits are what rooms are held to.
func (c Config) limits() room.Limits {
	l := room.DefaultLimits()
	l.Members, l.Reactions = c.MembersPerRoom, c.ReactionsPerMessage
	return l
}
