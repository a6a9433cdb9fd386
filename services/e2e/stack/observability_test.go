//go:build e2e

package stack_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
)

// testAlerts: every alert has a unit test, and every test passes.
func testAlerts(t *testing.T) {
	out, err := plain.Compose(t.Context(), "run", "--rm", "--no-deps", "--entrypoint", "promtool", "prometheus", "test", "rules", "/etc/prometheus/alerts_test.yml")
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := plain.Compose(t.Context(), "run", "--rm", "--no-deps", "--entrypoint", "promtool", "prometheus", "check", "config", "/etc/prometheus/prometheus.yml"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	tests, guide := read(t, "../../../deploy/prometheus/alerts_test.yml"), read(t, "../../../deploy/README.md")
	names := regexp.MustCompile(`(?m)- alert: (\w+)`).FindAllStringSubmatch(read(t, "../../../deploy/prometheus/alerts.yml"), -1)
	if len(names) == 0 {
		t.Fatal("no alerts")
	}
	for _, name := range names {
		if strings.Count(tests, "alertname: "+name[1]+"\n") < 2 {
			t.Errorf("%s has no test of when it fires, or none of when it does not", name[1])
		}
		if !strings.Contains(guide, "#### "+name[1]+"\n") {
			t.Errorf("%s has no entry in the guide's runbook", name[1])
		}
	}
}

// testDashboards: what dashboards, rules and alerts refer to is there.
func testDashboards(t *testing.T) {
	comes(t, plain, `count(up == 1) >= 5 and count(natter:sessions) == 1`)
	c := gather(t, plain, "dashboards") // some metrics are there only once something was counted
	c.goOn("nothing")
	c.leave()
	refusedOnce(t)
	comes(t, plain, "natter_gateway_closes_total and on() natter_gateway_errors_total")
	hooked(t)
	comes(t, plain, "natter_webhook_behind_seconds and on() natter_webhook_dead_letters")
	var answer struct{ Data []string }
	if err := fetch(t, plain.Local("NATTER_PROMETHEUS_PORT")+"/api/v1/label/__name__/values", &answer); err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{"ALERTS": true}
	for _, name := range answer.Data {
		there[name] = true
	}
	metric := regexp.MustCompile(`\b(?:natter|haproxy|process|go|up)(?:[_:][a-z0-9_:]+)?\b`)
	for file, exprs := range expressions(t) {
		if len(exprs) == 0 {
			t.Errorf("%s has no expressions", file)
		}
		for _, expr := range exprs {
			for _, name := range metric.FindAllString(regexp.MustCompile(`"[^"]*"`).ReplaceAllString(expr, ""), -1) {
				if !there[name] {
					t.Errorf("%s asks for %s, which nobody measures", file, name)
				}
			}
			if _, err := query(t, plain, expr); err != nil {
				t.Errorf("%s: %s: %v", file, expr, err)
			}
		}
	}
}

// refusedOnce has somebody come in with a bad token.
func refusedOnce(t *testing.T) {
	t.Helper()
	c, err := client.Dial(t.Context(), plain.Web(), client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Hello(t.Context(), client.M{"token": "bad"}); err == nil {
		t.Error("a bad token is good")
	}
}

// hooked makes a webhook, since only with one there are metrics of it. Its
// receiver is nowhere, and it is told of a room that nobody makes.
func hooked(t *testing.T) {
	t.Helper()
	history, err := admin.Dial(plain.GRPC(), adminToken(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { history.Close() })
	made, err := history.Webhooks.Create(t.Context(), &historyv1.WebhooksCreateRequest{Name: "dashboards", Url: "https://receiver.invalid/", Rooms: []string{"nobody-makes-it"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := history.Webhooks.Delete(context.Background(), &historyv1.WebhooksDeleteRequest{Id: made.GetWebhook().GetId()}); err != nil {
			t.Error(err)
		}
	})
}

// expressions of all dashboards, and of the rules.
func expressions(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	files, err := filepath.Glob("../../../deploy/grafana/dashboards/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("the dashboards are %v (%v)", files, err)
	}
	for _, file := range files {
		var board struct {
			Panels []struct {
				Targets []struct{ Expr string }
			}
		}
		if err := json.Unmarshal([]byte(read(t, file)), &board); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, panel := range board.Panels {
			for _, target := range panel.Targets {
				all[file] = append(all[file], target.Expr)
			}
		}
	}
	for _, file := range []string{"rules.yml", "alerts.yml"} {
		for _, m := range regexp.MustCompile(`(?m)^ +expr: '?(.*?)'?$`).FindAllStringSubmatch(read(t, "../../../deploy/prometheus/"+file), -1) {
			all[file] = append(all[file], m[1])
		}
	}
	return all
}

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
