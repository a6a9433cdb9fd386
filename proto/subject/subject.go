package subject

import (
	"strconv"
	"strings"
)

// Subjects that carry no id.
const (
	// HistoryAsk takes questions to any history replica (request/reply, queue group [HistoryQueue]).
	HistoryAsk = "history.ask"
	// Gateways carries an admin's orders to all gateways.
	Gateways = "chat.ctl.gateways"
	// PresencePeers carries the presence replicas' word that they live.
	PresencePeers = "presence.peers"
	// PresenceAsk takes questions to any presence replica (request/reply, queue group [PresenceQueue]).
	PresenceAsk = "presence.ask"
	// StorageInfo is how history asks the servers whether they sync: the
	// servers' own JetStream report, brought into natter's account.
	StorageInfo = "natter.jsz"
)

// Queue groups.
const (
	HistoryQueue  = "history"
	PresenceQueue = "presence"
)

// KV buckets.
const (
	// BucketOwners holds who lives and who owns which partition.
	BucketOwners = "chat_owners"
	// BucketMeta holds what is fixed for the deployment.
	BucketMeta = "chat_meta"
	// BucketRevoked holds from when on a user's tokens count.
	BucketRevoked = "chat_revoked"
)

// Wildcards over one token, for subscriptions and permissions.
const (
	AllCommands     = "chat.cmd.*"
	AllAdmin        = "chat.adm.*"
	AllAsks         = "chat.ask.*"
	AllAudits       = "chat.audit.*"
	AllLogs         = "chat.log.*"
	AllEvents       = "chat.evt.*"
	AllHeads        = "chat.heads.*"
	AllMarks        = "chat.mark.*"
	AllTyping       = "chat.typing.*"
	AllSignals      = "chat.signal.*"
	AllNotices      = "chat.user.*"
	AllAnswers      = "chat.ctl.answer.*"
	AllPresenceIn   = "presence.in.*"
	AllPresenceSync = "presence.sync.*"
	AllPresenceOut  = "presence.out.*"
)

// Command takes commands to the owner of a partition.
func Command(partition int) string { return "chat.cmd." + strconv.Itoa(partition) }

// Admin takes an admin's commands from history's gRPC to the owner of a
// partition. It is a subject of its own, since a gateway may publish commands
// and must not be able to act as an admin.
func Admin(partition int) string { return "chat.adm." + strconv.Itoa(partition) }

// Ask takes questions about live state to the owner of a partition.
func Ask(partition int) string { return "chat.ask." + strconv.Itoa(partition) }

// Audit takes a service's records of what admins did there to any history
// replica (request/reply, queue group [HistoryQueue]).
func Audit(service string) string { return "chat.audit." + Token(service) }

// Log is the subject of a partition's records.
func Log(partition int) string { return "chat.log." + strconv.Itoa(partition) }

// LogStream is the stream that keeps a partition's records.
func LogStream(partition int) string { return "CHAT_LOG_" + strconv.Itoa(partition) }

// Heads carries how far a partition's rooms go.
func Heads(partition int) string { return "chat.heads." + strconv.Itoa(partition) }

// Events carries a room's events.
func Events(room string) string { return "chat.evt." + Token(room) }

// Marks carries a room's read markers.
func Marks(room string) string { return "chat.mark." + Token(room) }

// Typing carries who types in a room.
func Typing(room string) string { return "chat.typing." + Token(room) }

// Signal carries an application's passing events in a room.
func Signal(room string) string { return "chat.signal." + Token(room) }

// Notices carries what concerns one user's sessions.
func Notices(user string) string { return "chat.user." + Token(user) }

// GatewayAnswer carries the answers to what one gateway ordered of all.
func GatewayAnswer(gateway string) string { return "chat.ctl.answer." + Token(gateway) }

// PresenceIn carries what one gateway says of its sessions.
func PresenceIn(gateway string) string { return "presence.in." + Token(gateway) }

// PresenceSync asks one gateway for all its sessions.
func PresenceSync(gateway string) string { return "presence.sync." + Token(gateway) }

// PresenceOut carries who is here in a room.
func PresenceOut(room string) string { return "presence.out." + Token(room) }

// Inbox is the prefix of the reply subjects of one instance of a service.
func Inbox(service, instance string) string {
	return "_INBOX." + Token(service) + "." + Token(instance)
}

// Inboxes are all reply subjects of a service's instances.
func Inboxes(service string) string { return "_INBOX." + Token(service) + ".>" }

// OwnerReplica is the key in [BucketOwners] by which a history replica says that it lives.
func OwnerReplica(replica string) string { return "replica." + Token(replica) }

// AllOwnerReplicas are the keys of all history replicas.
const AllOwnerReplicas = "replica.*"

// OwnerPartition is the key in [BucketOwners] of a partition's lease.
func OwnerPartition(partition int) string { return "partition." + strconv.Itoa(partition) }

// Last is the id in a subject's last token, or [ErrToken].
func Last(subject string) (string, error) {
	return ID(subject[strings.LastIndexByte(subject, '.')+1:])
}
