package sqlite

import (
	"context"
	"crypto/sha256"
	"encoding/binary"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// sentQuery finds messages by digest. Its second condition lets SQLite see that
// the partial index serves.
const sentQuery = "SELECT id, body, message FROM messages WHERE sent = ? AND sent != 0"

// sentDigest is the indexed form of a clientMsgId: 64 bits of SHA-256, so that
// the index stays small; equal digests are told apart by the messages.
func sentDigest(number int64, user, clientMsgID string) int64 {
	if clientMsgID == "" {
		return 0
	}
	b := make([]byte, 0, 16+len(user)+len(clientMsgID))
	b = binary.LittleEndian.AppendUint64(b, uint64(number))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(user)))
	b = append(append(b, user...), clientMsgID...)
	sum := sha256.Sum256(b)
	return int64(binary.LittleEndian.Uint64(sum[:8]) | 1)
}

// Sent implements store.Store.
func (s *Store) Sent(ctx context.Context, id string, keys []room.SentKey) (map[room.SentKey]room.Sent, error) {
	found := map[room.SentKey]room.Sent{}
	row, err := s.roomRow(ctx, id)
	if row == nil || err != nil {
		return found, err
	}
	for _, key := range keys {
		sent, ok, err := s.sentOne(ctx, row, key)
		if err != nil {
			return nil, err
		}
		if ok {
			found[key] = sent
		}
	}
	return found, nil
}

func (s *Store) sentOne(ctx context.Context, row *roomRow, key room.SentKey) (room.Sent, bool, error) {
	rows, err := s.read.QueryContext(ctx, sentQuery, sentDigest(row.number, key.User, key.ClientMsgID))
	if err != nil {
		return room.Sent{}, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var body, blob []byte
		if err := rows.Scan(&id, &body, &blob); err != nil {
			return room.Sent{}, false, err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return room.Sent{}, false, err
		}
		if id>>32 != row.number || m.GetUser() != key.User || m.GetClientMsgId() != key.ClientMsgID {
			continue
		}
		sent := room.Sent{Seq: m.GetSeq(), TimeMs: m.GetTime().AsTime().UnixMilli()}
		copy(sent.Body[:], body)
		return sent, true, nil
	}
	return room.Sent{}, false, rows.Err()
}
