package standalone

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/natter-chat/natter/services/internal/natsx"
)

// keys of the services, new at each start. Where NATS is open to tools, the
// tool's key is kept in a file for them.
func (n *Natter) keys() (natsx.Keys, error) {
	keys, err := natsx.NewKeys()
	if err != nil || n.settings.NATSListen == "" {
		return keys, err
	}
	path := filepath.Join(n.settings.History.DataDir, "secrets", "nats-tool.nk")
	if err := os.WriteFile(path, keys[natsx.Tool].Seed, 0o600); err != nil {
		return nil, fmt.Errorf("write the key for NATS tools: %w", err)
	}
	return keys, nil
}
