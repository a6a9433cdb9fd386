package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"errors"
	"hash/fnv"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// sentDigest is the indexed form of a clientMsgId: 32 bits of the room's number,
// 8 that hang on the user, and 24 on both, so that the index stays small and what
// is sent into one room at a time stands together in it. Equal digests are told
// apart by the messages.
func sentDigest(number int64, user, clientMsgID string) int64 {
	if clientMsgID == "" {
		return 0
	}
	sum := sentSum(number, user, clientMsgID)
	by := fnv.New32a()
	_, _ = by.Write([]byte(user))
	return number<<32 | int64(by.Sum32()>>24)<<24 | int64(sum>>40)
}

// scatteredDigest is what messages have that were stored before step 7 of the
// schema.
func scatteredDigest(number int64, user, clientMsgID string) int64 {
	return int64(sentSum(number, user, clientMsgID) | 1)
}

func sentSum(number int64, user, clientMsgID string) uint64 {
	b := make([]byte, 0, 128)
	b = binary.LittleEndian.AppendUint64(b, uint64(number))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(user)))
	b = append(append(b, user...), clientMsgID...)
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:8])
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
	for _, digest := range []int64{sentDigest(number, key.User, key.ClientMsgID), scatteredDigest(number, key.User, key.ClientMsgID)} {
		sent, is, err := r.sentAs(ctx, digest, number, key)
		if err != nil {
			return err
		}
		if is {
			found[key] = sent
			return nil
		}
	}
	return nil
}

// sentAs is what became of an id with a digest, and whether it was sent.
func (r *reader) sentAs(ctx context.Context, digest, number int64, key room.SentKey) (sent room.Sent, is bool, err error) {
	rows, err := r.questions["sent"].QueryContext(ctx, digest)
	if err != nil {
		return sent, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		var body, blob []byte
		if err := rows.Scan(&id, &body, &blob); err != nil {
			return sent, false, err
		}
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return sent, false, err
		}
		if id>>32 != number || m.GetUser() != key.User || m.GetClientMsgId() != key.ClientMsgID {
			continue
		}
		sent = room.Sent{Seq: m.GetSeq(), TimeMs: m.GetTime().AsTime().UnixMilli()}
		copy(sent.Body[:], body)
		return sent, true, nil
	}
	return sent, false, rows.Err()
}
