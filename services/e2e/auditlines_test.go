package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestAuditLines: what an admin does is in the log once, as a line of the audit,
// before the call is answered.
func TestAuditLines(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone(), withoutLimits()...)
	natter := d.Process("natter")
	mustNatterctl(t, d, "room", "create", "Den", "--id", "den", "--owner", "ana")
	var made struct {
		Webhook struct{ ID string }
	}
	out, err := natterctlCommand(t, d, "webhook", "create", "https://hooks.example.com/", "--room", "den", "-o", "json").Output()
	if err != nil || json.Unmarshal(out, &made) != nil || made.Webhook.ID == "" {
		t.Fatalf("natterctl webhook create prints %s: %v", out, err)
	}
	hook := made.Webhook.ID
	mustNatterctl(t, d, "webhook", "update", hook, "--name", "renamed")
	mustNatterctl(t, d, "webhook", "delete", hook, "--yes")
	mustNatterctl(t, d, "user", "revoke", "ben")
	log := natter.Tail(1 << 20)
	for _, method := range []string{"Rooms/Create", "Webhooks/Create", "Webhooks/Update", "Webhooks/Delete", "Users/Revoke"} {
		var lines []string
		for line := range strings.Lines(log) {
			if strings.Contains(line, "component=audit") && strings.Contains(line, method) {
				lines = append(lines, line)
			}
		}
		if len(lines) != 1 || !strings.Contains(lines[0], "who=admin") {
			t.Errorf("%s is in the log %d times:\n%s", method, len(lines), strings.Join(lines, ""))
		}
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, hook) && !strings.Contains(line, "component=audit") {
			t.Errorf("what is done to a webhook is told beside the audit:\n%s", line)
		}
		if strings.Contains(line, "audit:") {
			t.Errorf("a line of something else looks like one of the audit:\n%s", line)
		}
	}
}
