package status

import (
	"fmt"
	"strings"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// table shows every replica that answered, then every partition.
func (l *look) table(t *command.Table) {
	t.Row("SERVICE", "REPLICA", "READY", "ABOUT")
	l.historyRows(t)
	l.presenceRow(t)
	l.gatewayRows(t)
	if len(l.history.GetPartitions()) == 0 {
		return
	}
	t.Row("PARTITION", "OWNER", "LOG", "STORE", "BEHIND", "TROUBLE")
	for _, p := range l.history.GetPartitions() {
		t.Row(p.GetPartition(), p.GetOwner(), p.GetLogLast(), p.GetApplied(), p.GetBehind(), p.GetTrouble())
	}
}

func (l *look) historyRows(t *command.Table) {
	h := l.history
	if h == nil {
		t.Row("history", "", "no answer", "")
		return
	}
	if outside(h) {
		t.Row("history", h.GetReplica(), command.YesNo(false), "not among the replicas; store "+h.GetStore()+why(h.GetNotReady()))
	}
	for _, r := range h.GetStates() {
		about := fmt.Sprintf("writes %d of %d partitions; store %s", owned(h, r.GetReplica()), len(h.GetPartitions()), h.GetStore())
		t.Row("history", r.GetReplica(), ready(r.GetNotReady()), about+why(r.GetNotReady()))
	}
}

// owned counts the partitions that a replica writes.
func owned(h *historyv1.StatusResponse, replica string) (n int) {
	for _, p := range h.GetPartitions() {
		if p.GetOwner() == replica {
			n++
		}
	}
	return n
}

func (l *look) presenceRow(t *command.Table) {
	p := l.presence
	if p == nil {
		t.Row("presence", "", "no answer", "")
		return
	}
	about := fmt.Sprintf("%d replicas, %d gateways, %d sessions, %d users", p.GetReplicas(), p.GetGateways(), p.GetSessions(), p.GetUsers())
	t.Row("presence", p.GetReplica(), ready(p.GetNotReady()), about+why(p.GetNotReady()))
	for _, r := range p.GetStates() {
		if r.GetReplica() != p.GetReplica() {
			t.Row("presence", r.GetReplica(), ready(r.GetNotReady()), "alive"+why(r.GetNotReady()))
		}
	}
}

func (l *look) gatewayRows(t *command.Table) {
	if l.gateways == nil {
		t.Row("gateway", "", "no answer", "")
		return
	}
	for _, g := range l.gateways.GetGateways() {
		about := fmt.Sprintf("%d sessions, %d users, %d rooms", g.GetSessions(), g.GetUsers(), g.GetRooms())
		t.Row("gateway", g.GetGateway(), ready(g.GetNotReady()), about+why(g.GetNotReady()))
	}
	for _, gateway := range l.gateways.GetSilent() {
		t.Row("gateway", gateway, "no answer", "")
	}
}

func ready(notReady []string) string { return command.YesNo(len(notReady) == 0) }

func why(notReady []string) string {
	if len(notReady) == 0 {
		return ""
	}
	return "; " + strings.Join(notReady, "; ")
}
