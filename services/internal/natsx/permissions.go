package natsx

import "github.com/natter-chat/natter/proto/subject"

// Rights are the subjects that a service may publish to and subscribe to.
type Rights struct {
	Publish   []string
	Subscribe []string
}

// Permissions are the rights of a service: its row of the table of subjects,
// its own inboxes, the inboxes of those that ask it, and for history the
// JetStream subjects that it needs. An unknown service has none.
//
// Two rights look harmless and are not, so nobody but history and the people
// at a tool has the first, and nobody the second:
//
//   - One subject of the JetStream API. Its answer goes to whatever subject
//     the request names for it, with the server's own rights: a request for
//     one value, answered to chat.log.0, is an entry in that log, and answered
//     to the subject that purges a stream, purges it. So a gateway learns of
//     revocations by the writes to their bucket, and from history.
//   - allow_responses, the right to answer to any subject that a received
//     message names. Who may both publish and subscribe to one subject sends
//     itself such a message, and may then publish anywhere. So the inboxes that
//     a service answers to are listed.
func Permissions(service string) Rights {
	switch service {
	case Gateway:
		return gatewayRights()
	case History:
		return historyRights()
	case Presence:
		return presenceRights()
	case Tool:
		return toolRights()
	case Operator:
		return Rights{Publish: []string{">"}, Subscribe: []string{">"}}
	}
	return Rights{}
}

func gatewayRights() Rights {
	return Rights{
		Publish: join(
			[]string{
				subject.AllCommands, subject.AllAsks, subject.HistoryAsk,
				subject.AllTyping, subject.AllSignals, subject.AllNotices, subject.Gateways, subject.AllAnswers,
				subject.AllPresenceIn, subject.PresenceAsk,
				subject.Audit(Gateway),
			},
			inboxes(Presence, Tool),
		),
		Subscribe: join(
			[]string{
				subject.AllEvents, subject.AllHeads, subject.AllMarks,
				subject.AllTyping, subject.AllSignals, subject.AllNotices, subject.Gateways, subject.AllAnswers,
				subject.AllPresenceSync, subject.AllPresenceOut,
			},
			values(subject.BucketRevoked), // as they are written; history tells those of before
			served(Gateway),
		),
	}
}

func historyRights() Rights {
	return Rights{
		Publish: join(
			[]string{
				subject.AllLogs, subject.AllEvents, subject.AllHeads, subject.AllMarks, subject.AllNotices,
				subject.AllCommands, subject.AllAdmin, subject.AllAsks, // its gRPC asks the owner as a gateway does
				subject.StorageInfo,
			},
			keeperRights(),
			values(subject.BucketOwners, subject.BucketMeta, subject.BucketRevoked, subject.BucketWebhooks),
			inboxes(Gateway, History, Presence, Tool),
		),
		Subscribe: join(
			[]string{
				subject.AllCommands, subject.AllAdmin, subject.AllAsks, subject.HistoryAsk, subject.AllAudits,
				subject.AllEvents, // for those who follow a room over gRPC
			},
			served(History),
		),
	}
}

func presenceRights() Rights {
	return Rights{
		Publish: join(
			[]string{
				subject.AllPresenceSync, subject.PresencePeers, subject.AllPresenceOut,
				subject.HistoryAsk, // when users were last seen
				subject.AllNotices, // a status that a gateway has missed
				subject.Audit(Presence),
			},
			inboxes(Gateway, Presence, Tool),
		),
		Subscribe: join(
			[]string{
				subject.AllPresenceIn, subject.PresencePeers, subject.PresenceAsk,
				subject.AllPresenceOut, // for those who watch a room over gRPC
			},
			served(Presence),
		),
	}
}

// toolRights let a person look: who serves, how the streams are, what passes.
// They keep from mistakes; by the first rule above they do not stop malice.
func toolRights() Rights {
	return Rights{
		Publish: []string{
			"$SRV.>",
			"$JS.API.INFO",
			"$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST", "$JS.API.STREAM.INFO.*",
			"$JS.API.CONSUMER.NAMES.*", "$JS.API.CONSUMER.LIST.*", "$JS.API.CONSUMER.INFO.*.*",
		},
		Subscribe: []string{"chat.>", "presence.>", subject.Inboxes(Tool)},
	}
}

// keeperRights are those of the one service that makes, checks and reads the
// streams. They are not cut down to stream names, since a wildcard stands for
// a whole token and the account holds no streams but natter's. Deleting a
// stream is not among them; deleting a message is, to write over what an erasure
// names before it is purged.
func keeperRights() []string {
	return []string{
		"$JS.API.INFO",
		"$JS.API.STREAM.NAMES", "$JS.API.STREAM.LIST",
		"$JS.API.STREAM.CREATE.*", "$JS.API.STREAM.UPDATE.*", "$JS.API.STREAM.INFO.*",
		"$JS.API.STREAM.PURGE.*", "$JS.API.STREAM.MSG.DELETE.*", "$JS.API.STREAM.MSG.GET.*", "$JS.API.DIRECT.GET.>",
		"$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.INFO.*.*",
		"$JS.API.CONSUMER.MSG.NEXT.*.*", "$JS.API.CONSUMER.DELETE.*.*",
		"$JS.ACK.>", "$JS.FC.>",
	}
}

// served is what a service listens to beside its work: answers to its own
// questions, and the micro framework's.
func served(service string) []string { return []string{subject.Inboxes(service), "$SRV.>"} }

func inboxes(askers ...string) []string {
	subjects := make([]string, len(askers))
	for i, asker := range askers {
		subjects[i] = subject.Inboxes(asker)
	}
	return subjects
}

func values(buckets ...string) []string {
	subjects := make([]string, len(buckets))
	for i, bucket := range buckets {
		subjects[i] = "$KV." + bucket + ".>"
	}
	return subjects
}

func join(parts ...[]string) []string {
	var all []string
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}
