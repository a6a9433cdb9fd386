package natsx_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// row is a line of the table of subjects: who publishes to it, who hears it.
type row struct {
	subject             string
	publish, subscribes string
}

// table is all that there is between natter's services. An inbox is its owner's
// to hear; whoever the owner asks may publish to it.
func table() []row {
	const g, h, p = natsx.Gateway, natsx.History, natsx.Presence
	return []row{
		{subject.Command(1), g + h, h},
		{subject.Admin(1), h, h},
		{subject.Ask(1), g + h, h},
		{subject.HistoryAsk, g + p, h},
		{subject.Audit(g), g, h},
		{subject.Audit(p), p, h},
		{subject.Audit(h), "", h},
		{subject.Log(1), h, ""},
		{subject.Events("lobby"), h, g + h},
		{subject.Heads(1), h, g},
		{subject.Marks("lobby"), h, g},
		{subject.Typing("lobby"), g, g},
		{subject.Signal("lobby"), g, g},
		{subject.Notices("ana"), g + h + p, g},
		{subject.Gateways, g, g},
		{subject.GatewayAnswer("g"), g, g},
		{subject.PresenceIn("g"), g, p},
		{subject.PresenceSync("g"), p, g},
		{subject.PresencePeers, p, p},
		{subject.PresenceOut("lobby"), p, g + p},
		{subject.PresenceAsk, g, p},
		{"$KV." + subject.BucketOwners + ".partition.1", h, ""},
		{"$KV." + subject.BucketMeta + ".epoch", h, ""},
		{"$KV." + subject.BucketRevoked + ".ana", h, g},
		{"$KV." + subject.BucketWebhooks + ".hook.x", h, ""},
		{subject.StorageInfo, h, ""},
		{subject.Inbox(g, "x") + ".1", h + p, g},
		{subject.Inbox(h, "x") + ".1", h, h},
		{subject.Inbox(p, "x") + ".1", g + h + p, p},
		{subject.Inbox(natsx.Tool, "x") + ".1", g + h + p, ""},
		{"$SRV.PING", "", g + h + p},
		{"$JS.API.INFO", h, ""},
		{"$JS.API.STREAM.NAMES", h, ""}, {"$JS.API.STREAM.LIST", h, ""},
		{"$JS.API.STREAM.CREATE.S", h, ""}, {"$JS.API.STREAM.UPDATE.S", h, ""}, {"$JS.API.STREAM.INFO.S", h, ""},
		{"$JS.API.STREAM.PURGE.S", h, ""}, {"$JS.API.STREAM.MSG.GET.S", h, ""}, {"$JS.API.DIRECT.GET.S", h, ""},
		{"$JS.API.CONSUMER.CREATE.S.c", h, ""}, {"$JS.API.CONSUMER.INFO.S.c", h, ""},
		{"$JS.API.CONSUMER.MSG.NEXT.S.c", h, ""}, {"$JS.API.CONSUMER.DELETE.S.c", h, ""},
		{"$JS.ACK.S.c.1", h, ""}, {"$JS.FC.S", h, ""},
		{"$JS.API.STREAM.DELETE.S", "", ""}, {"$JS.API.STREAM.MSG.DELETE.S", h, ""}, {"$JS.API.STREAM.RESTORE.S", "", ""},
		{"$JS.API.STREAM.SNAPSHOT.S", "", ""}, {"$JS.API.META.LEADER.STEPDOWN", "", ""}, {"$JS.API.ACCOUNT.PURGE.A", "", ""},
		{"$SYS.REQ.SERVER.PING", "", ""}, {"$SYS.ACCOUNT.A.CONNECT", "", ""},
		{"$KV.other.x", "", ""}, {"anything", "", ""}, {"_INBOX.operator.x.1", "", ""},
	}
}

// TestPermissionsAreTheTable, both ways: each service may do what its rows say
// and no other row's, and has no right that no row explains.
func TestPermissionsAreTheTable(t *testing.T) {
	for _, service := range []string{natsx.Gateway, natsx.History, natsx.Presence} {
		rights := natsx.Permissions(service)
		for _, side := range []struct {
			may   string
			given []string
			named func(r row) bool
		}{
			{"publish to", rights.Publish, func(r row) bool { return strings.Contains(r.publish, service) }},
			{"subscribe to", rights.Subscribe, func(r row) bool { return strings.Contains(r.subscribes, service) }},
		} {
			for _, r := range table() {
				may := slices.ContainsFunc(side.given, func(pattern string) bool { return covers(pattern, r.subject) })
				if may != side.named(r) {
					t.Errorf("%s may %s %s: %v, and the table says %v", service, side.may, r.subject, may, side.named(r))
				}
			}
			for _, pattern := range side.given {
				if !slices.ContainsFunc(table(), func(r row) bool { return side.named(r) && covers(pattern, r.subject) }) {
					t.Errorf("%s may %s %s, which no row of the table explains", service, side.may, pattern)
				}
			}
		}
	}
}

// covers tells whether a pattern of NATS takes a subject in.
func covers(pattern, name string) bool {
	patterns, tokens := strings.Split(pattern, "."), strings.Split(name, ".")
	for i, p := range patterns {
		switch {
		case p == ">":
			return len(tokens) > i
		case i >= len(tokens) || p != "*" && p != tokens[i]:
			return false
		}
	}
	return len(patterns) == len(tokens)
}
