package postgres

import (
	"crypto/sha256"
	"encoding/binary"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// roomRow is a row of the table rooms.
type roomRow struct {
	number      int64
	room        string
	name        string
	kind        chatv1.RoomKind
	topic       string
	head        uint32
	slowMode    uint32
	archived    bool
	closed      bool
	createdMs   int64
	createdBy   string
	activeMs    int64
	members     int64
	lastMessage uint32
	since       uint32
	retention   []byte // natter.chat.v1.RetentionSet
	fresh       bool   // not in the table yet
	trimmed     uint32 // what since was before the batch's last event
}

const roomColumns = "number, room, name, kind, topic, head, slow_mode, archived, closed, created_ms, created_by, active_ms, members, last_message, since, retention"

func (r *roomRow) fields() []any {
	return []any{&r.number, &r.room, &r.name, &r.kind, &r.topic, &r.head, &r.slowMode, &r.archived, &r.closed, &r.createdMs, &r.createdBy, &r.activeMs, &r.members, &r.lastMessage, &r.since, &r.retention}
}

// id is the key of the room's message or event with a seq.
func (r *roomRow) id(seq uint32) int64 { return r.number<<32 | int64(seq) }

// userKey is one user in one room.
type userKey struct {
	number int64
	user   string
}

// memberRow is a row of the table members.
type memberRow struct {
	name         string
	role         chatv1.Role
	joined, read uint32
	in           bool // is a member now
	was          bool // was one before the batch
	changed      bool
}

// sanctionRow is a row of the table sanctions.
type sanctionRow struct {
	banned, muted, sent int64
	changed             bool
}

// messageRow is a row of the table messages.
type messageRow struct {
	sent     int64
	body     []byte
	deleted  uint32
	changed  uint32
	reacted  bool
	command  string
	message  *chatv1.Message
	fresh    bool // not in the table yet
	modified bool
	reworded bool // has another text than in the table, or none
}

// reactionKey is one user's reaction of a kind.
type reactionKey struct {
	id          int64
	emoji, user string
}

// reactionRow is a row of the table reactions.
type reactionRow struct {
	seq     uint32 // 0: there is none now
	changed bool
}

// sentDigest is the indexed form of a clientMsgId: 64 bits of SHA-256, so that
// the index stays small; equal digests are told apart by the messages.
func sentDigest(room, user, clientMsgID string) int64 {
	if clientMsgID == "" {
		return 0
	}
	b := make([]byte, 0, 16+len(room)+len(user)+len(clientMsgID))
	for _, s := range []string{room, user} {
		b = append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
	}
	sum := sha256.Sum256(append(b, clientMsgID...))
	return int64(binary.LittleEndian.Uint64(sum[:8]) | 1)
}
