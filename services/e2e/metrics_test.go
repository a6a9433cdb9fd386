package e2e_test

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	gatewayv1 "github.com/natter-chat/natter/proto/natter/gateway/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const metricsTable = "../METRICS.md"

// family is one metric: whose it is in the split shape, its type and labels.
type family struct{ services, kind, labels string }

// tabled are the metrics of the table.
func tabled(t *testing.T) map[string]family {
	t.Helper()
	content, err := os.ReadFile(metricsTable)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]family{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(natter_[a-z_]+)` \\| ([a-z, ]+) \\| ([a-z]+) \\|([a-z_, `]*)\\| .").FindAllStringSubmatch(string(content), -1) {
		all[row[1]] = family{services: row[2], kind: row[3], labels: strings.ReplaceAll(strings.TrimSpace(row[4]), "`", "")}
	}
	return all
}

var sampleLine = regexp.MustCompile(`^(natter_[a-z_]+?)(?:_bucket|_sum|_count)?\{(.*)\} `)

// told are the metrics that /metrics has, with their types and labels; each
// sample is given to see.
func told(t *testing.T, ops string, see func(line string)) map[string]family {
	t.Helper()
	response := get(t, ops+"/metrics")
	defer response.Body.Close()
	all := map[string]family{}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if kind, ok := strings.CutPrefix(line, "# TYPE natter_"); ok {
			name, kind, _ := strings.Cut(kind, " ")
			all["natter_"+name] = family{kind: kind}
		}
		if m := sampleLine.FindStringSubmatch(line); m != nil {
			f, name := all[m[1]], m[1]
			if f.kind == "" { // its name ends like a histogram's sample
				name = line[:strings.Index(line, "{")]
				f = all[name]
			}
			f.labels = labels(m[2])
			all[name] = f
		}
		if strings.HasPrefix(line, "natter_") {
			see(line)
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

func labels(text string) string {
	var names []string
	for _, m := range regexp.MustCompile(`([a-z_]+)="`).FindAllStringSubmatch(text, -1) {
		if m[1] != "le" {
			names = append(names, m[1])
		}
	}
	return strings.Join(names, ", ")
}

// TestMetricsTable holds the table against what deployments tell: the same
// metrics, of the same services, of the same types, with the same labels. None of
// them grows with the people and the rooms that there are.
func TestMetricsTable(t *testing.T) {
	t.Parallel()
	table := tabled(t)
	if len(table) == 0 {
		t.Fatal("the table has no metrics")
	}
	for _, s := range []shape.Shape{shape.Standalone(), shape.Split()} {
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			d := alone(t, s, tracing(collecting(t))...)
			room := doEverything(t, d)
			found := map[string]family{}
			for _, p := range d.Processes {
				ops, natter := strings.CutSuffix(p.Ready(), "/readyz")
				if !natter {
					continue
				}
				service, _, _ := strings.Cut(p.Name(), "-")
				for name, f := range told(t, ops, func(line string) {
					if strings.Contains(line, room) || strings.Contains(line, "ana-of-metrics") {
						t.Errorf("a metric tells of a room or a user: %s", line)
					}
				}) {
					f.services = service
					if before, there := found[name]; there {
						f.services = before.services + ", " + service
					}
					found[name] = f
				}
			}
			for name, f := range found {
				want, there := table[name]
				switch {
				case !there:
					t.Errorf("%s is told and not in the table: | `%s` | %s | %s | %s |", name, name, f.services, f.kind, f.labels)
				case f.kind != want.kind:
					t.Errorf("%s is a %s, the table says %s", name, f.kind, want.kind)
				case f.labels != want.labels:
					t.Errorf("%s has the labels %q, the table says %q", name, f.labels, want.labels)
				case s.Name == "split" && !sameServices(f.services, want.services):
					t.Errorf("%s is of %s, the table says %s", name, f.services, want.services)
				}
			}
			for name := range table {
				if _, there := found[name]; !there {
					t.Errorf("%s is in the table, and not told", name)
				}
			}
		})
	}
}

func sameServices(a, b string) bool {
	return fmt.Sprint(split(a)) == fmt.Sprint(split(b))
}

func split(list string) map[string]bool {
	all := map[string]bool{}
	for _, name := range strings.Split(list, ", ") {
		all[name] = true
	}
	return all
}

// doEverything has each metric that is told only once something was counted.
func doEverything(t *testing.T, d *shape.Deployment) (room string) {
	t.Helper()
	ana, bo := enter(t, d, 0, "ana-of-metrics"), enter(t, d, 1, "bo")
	room = ana.create("room-of-metrics", nil).Room
	bo.view("join", M{"room": room})
	bo.reach(room, ana.send(room, "x").Seq)
	ana.page(M{"room": room})
	bo.refused("edit", M{"room": room, "seq": 1_000_000, "text": "y"}, "NOT_FOUND", "")
	ana.do("presence", M{"room": room})
	bad := dial(t, d, 0)
	id, err := bad.Post("hello", M{"token": "bad"})
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := bad.Reply(t.Context(), id); err != nil || reply.Error == nil {
		t.Fatalf("a bad token is answered by %s (%v)", reply, err)
	}
	presence, err := rpc.Dial(d.Presence, d.AdminToken, config.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	defer presence.Close()
	if _, err := presencev1.NewPresenceClient(presence).Status(t.Context(), &presencev1.StatusRequest{}); err != nil {
		t.Fatal(err)
	}
	entrance, err := rpc.Dial(d.GatewayRPC[0], d.AdminToken, config.TLS{})
	if err != nil {
		t.Fatal(err)
	}
	defer entrance.Close()
	if _, err := gatewayv1.NewGatewaysClient(entrance).List(t.Context(), &gatewayv1.ListRequest{}); err != nil {
		t.Fatal(err)
	}
	writer := d.Processes[0].Name() // standalone's only one
	if d.Process("history") != nil {
		writer = "history"
	}
	ops := strings.TrimSuffix(d.Process(writer).Ready(), "/readyz")
	natstest.Eventually(t, client.Patience, "what is told each second is there", func() bool {
		return told(t, ops, func(string) {})["natter_history_commands_waiting"].labels != ""
	})
	return room
}
