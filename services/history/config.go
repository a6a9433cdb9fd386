package history

import (
	"fmt"
)

// Config of the history service. The tags are its flags and environment.
type Config struct {
	// DataDir holds the embedded store.
	DataDir string `name:"data-dir" env:"NATTER_DATA_DIR" default:"./data" help:"Directory of the embedded store."`
	// Store is "sqlite".
	Store string `name:"store" env:"NATTER_STORE" default:"sqlite" help:"Where history is kept: sqlite."`
	// Partitions are fixed when a deployment first starts.
	Partitions int `name:"partitions" env:"NATTER_PARTITIONS" default:"4" help:"Number of logs that rooms are shared over, 1 to 64; fixed at the first start."`
	// Replicas of each log, 1 or 3.
	Replicas int `name:"replicas" env:"NATTER_REPLICAS" default:"1" help:"NATS servers that keep each log: 1, or 3 in a cluster."`
	// Durability that acks shall name: "disk" (or more), or "os".
	Durability string `name:"durability" env:"NATTER_DURABILITY" default:"disk" help:"What an ack shall promise: disk (synced first) or os (written)."`
	// LogMaxBytes bounds one partition's log; a full log takes no more sends.
	LogMaxBytes int64 `name:"log-max-bytes" env:"NATTER_LOG_MAX_BYTES" default:"4294967296" help:"Bytes that one partition's log may take."`
}

// Validate names the setting that is wrong.
func (c Config) Validate() error {
	switch {
	case c.Store != "sqlite":
		return fmt.Errorf("NATTER_STORE: %q is not a store of this version; use sqlite", c.Store)
	case c.Partitions < 1 || c.Partitions > 64:
		return fmt.Errorf("NATTER_PARTITIONS: %d is not within 1 to 64", c.Partitions)
	case c.Replicas != 1 && c.Replicas != 3:
		return fmt.Errorf("NATTER_REPLICAS: %d is neither 1 nor 3", c.Replicas)
	case c.Durability != "disk" && c.Durability != "os":
		return fmt.Errorf("NATTER_DURABILITY: %q is neither disk nor os", c.Durability)
	case c.LogMaxBytes < 16<<20:
		return fmt.Errorf("NATTER_LOG_MAX_BYTES: %d is less than 16 MiB", c.LogMaxBytes)
	}
	return nil
}
