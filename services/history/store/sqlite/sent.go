package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

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
	err := s.pages.use(ctx, func(ctx context.Context, r *reader) error {
		var number int64
		if err := r.questions["number"].QueryRowContext(ctx, id).Scan(&number); err != nil {
			return err
		}
		for _, key := range keys {
			if err := r.sent(ctx, number, key, found); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return found, err
}

// sent puts what became of an id into found, if it was sent.
func (r *reader) sent(ctx context.Context, number int64, key room.SentKey, found map[room.SentKey]room.Sent) error {
	rows, err := r.questions["sent"].QueryContext(ctx, sentDigest(number, key.User, key.ClientMsgID))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var body, blob []byte
		if err := rows.Scan(&id, &body, &blob); err != nil {
			return err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return err
		}
		if id>>32 != number || m.GetUser() != key.User || m.GetClientMsgId() != key.ClientMsgID {
			continue
		}
		sent := room.Sent{Seq: m.GetSeq(), TimeMs: m.GetTime().AsTime().UnixMilli()}
		copy(sent.Body[:], body)
		found[key] = sent
		return nil
	}
	return rows.Err()
}
