package postgres

import (
	"context"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// sentQuery finds messages by digest. "sent <> 0" lets the planner see that the
// partial index serves.
const sentQuery = `SELECT m.body, m.message FROM messages m JOIN rooms r ON r.number = m.id >> 32
	WHERE m.sent = ANY($2) AND m.sent <> 0 AND r.room = $1`

// Sent implements store.Store.
func (s *Store) Sent(ctx context.Context, id string, keys []room.SentKey) (map[room.SentKey]room.Sent, error) {
	wanted := map[room.SentKey]bool{}
	digests := make([]int64, 0, len(keys))
	for _, key := range keys {
		if digest := sentDigest(id, key.User, key.ClientMsgID); digest != 0 {
			wanted[key] = true
			digests = append(digests, digest)
		}
	}
	rows, err := s.pool.Query(ctx, sentQuery, text(id), digests)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[room.SentKey]room.Sent{}
	for rows.Next() {
		var body, blob []byte
		if err := rows.Scan(&body, &blob); err != nil {
			return nil, err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return nil, err
		}
		key := room.SentKey{User: m.GetUser(), ClientMsgID: m.GetClientMsgId()}
		if !wanted[key] {
			continue // another's, with the same digest
		}
		sent := room.Sent{Seq: m.GetSeq(), TimeMs: m.GetTime().AsTime().UnixMilli()}
		copy(sent.Body[:], body)
		found[key] = sent
	}
	return found, rows.Err()
}
