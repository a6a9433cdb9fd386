//go:build e2e

package e2e_test

import (
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestABackupMovesBetweenStores: from SQLite to PostgreSQL and back.
func TestABackupMovesBetweenStores(t *testing.T) {
	t.Parallel()
	_, url := database(t)
	none := append(withoutLimits(), aside)
	restores(t, alone(t, shape.Standalone(), none...), alone(t, shape.Replicated(1), append(none, onPostgres(url)...)...))
	_, other := database(t)
	restores(t, alone(t, shape.Replicated(1), onPostgres(other)...), alone(t, shape.Standalone(), none...))
}
