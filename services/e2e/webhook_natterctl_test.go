package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestWebhookCommands: every command about webhooks, from the making of one to
// its end, with a delivery that is given up and then tried once more.
func TestWebhookCommands(t *testing.T) {
	t.Parallel()
	d := alone(t, shape.Standalone(), append(withoutLimits(), allowHooks, "NATTER_WEBHOOK_RETRY_FOR=0")...)
	to := newHookReceiver(t)

	tells(t, d, "webhook list", "ID NAME URL ROOMS KINDS STATE")
	id := to.hook(t, d, "hooked")
	for _, c := range []struct {
		command string
		lines   []string
	}{
		{"webhook list", []string{id + " - " + to.url + " hooked all enabled"}},
		{"webhook get " + id, []string{"id " + id, "url " + to.url, "rooms hooked", "kinds all", "state enabled", "created " + aTime, "rooms waiting 0", "dead letters 0"}},
		{"webhook update " + id + " --name audit --kind created --kind message --room hooked --room team-*", []string{"name audit", `rooms hooked team-\*`, "kinds created message"}},
		{"webhook update " + id + " --disable", []string{"state disabled: .+"}},
		{"webhook update " + id + " --enable --all-kinds", []string{"state enabled", "kinds all"}},
		{"webhook test " + id, []string{"delivered yes", "status 200"}},
	} {
		tells(t, d, c.command, c.lines...)
	}

	to.set(http.StatusInternalServerError, 0)
	if out, exit := admins(t, d, "webhook", "test", id); exit != 1 || !strings.Contains(out, "the receiver did not take it") || !strings.Contains(out, "500") {
		t.Errorf("a test that is not taken: exit %d\n%s", exit, out)
	}
	ana := enter(t, d, 0, "ana")
	head := ana.create("hooked", nil).Head
	natstest.Eventually(t, hookPatience, "the delivery is given up", func() bool {
		out, _ := admins(t, d, "webhook", "dead", id)
		return strings.Contains(out, "the receiver answered 500")
	})
	tells(t, d, "webhook dead "+id+" --room hooked", "ROOM AFTER THROUGH ATTEMPTS FIRST LAST RETRYING PROBLEM", `hooked 0 \d+ 1 `+aTime+" "+aTime+" no the receiver answered 500.*")
	var dead struct{ Letters []json.RawMessage }
	if out, exit := printed(t, d, "webhook", "dead", id, "-o", "json"); exit != 0 || json.Unmarshal([]byte(out), &dead) != nil || len(dead.Letters) != 1 {
		t.Errorf("in JSON: exit %d\n%s", exit, out)
	}
	tells(t, d, "webhook get "+id, "dead letters 1")

	to.set(http.StatusOK, 0)
	tells(t, d, "webhook retry "+id, "to be retried 1", "What is delivered leaves the list: natterctl webhook dead "+id)
	natstest.Eventually(t, hookPatience, "what was given up is delivered", func() bool {
		out, _ := admins(t, d, "webhook", "dead", id)
		return to.complete("hooked", head) && !strings.Contains(out, "hooked")
	})
	to.check(t, "hooked")

	if out, exit := admins(t, d, "webhook", "delete", id); exit != 1 || !strings.Contains(out, "repeat with --yes.") {
		t.Errorf("nobody was asked whether it may be deleted: exit %d\n%s", exit, out)
	}
	tells(t, d, "webhook get "+id, "state enabled")
	tells(t, d, "webhook delete "+id+" --yes", "deleted "+id)
	for _, command := range []string{"get", "test", "dead", "retry"} {
		if out, exit := admins(t, d, "webhook", command, id); exit != 1 || !strings.Contains(out, "NOT_FOUND (id): there is no such webhook\nNext: see what is there: natterctl webhook list") {
			t.Errorf("webhook %s of one that is no more: exit %d\n%s", command, exit, out)
		}
	}
}
