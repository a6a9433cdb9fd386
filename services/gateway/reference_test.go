package gateway

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestReferenceNamesTheCloseCodes: whoever is let go can read why, and whether
// to come back.
func TestReferenceNamesTheCloseCodes(t *testing.T) {
	text, err := os.ReadFile("../../proto/natter/client/v1/README.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int{
		closeGoingAway, closeExpired, closeSlow, closeFlood, closeNoPong, closeStateLost, closeBadRequests, closeBadToken, closeNoHello, closeManySessions,
	} {
		if !strings.Contains(string(text), fmt.Sprintf("\n| %d |", code)) {
			t.Errorf("the reference does not tell what %d means", code)
		}
	}
}
