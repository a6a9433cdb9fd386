package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// ids are the keys of a room's messages, given their seqs ($2).
const ids = "ARRAY(SELECT (r.number << 32) + w.seq FROM rooms r, unnest($2::bigint[]) AS w (seq) WHERE r.room = $1)"

// Facts implements store.Store.
func (s *Store) Facts(ctx context.Context, id string, seqs []uint32) (map[uint32]*room.Message, error) {
	facts := map[uint32]*room.Message{}
	wanted := make([]int64, len(seqs))
	for i, seq := range seqs {
		wanted[i] = int64(seq)
	}
	// One moment for the messages and their reactions.
	err := s.moment(ctx, func(tx pgx.Tx) error {
		b := &pgx.Batch{}
		b.Queue("SELECT id, user_id, deleted, changed, message FROM messages WHERE id = ANY("+ids+")", text(id), wanted).Query(func(rows pgx.Rows) error { return scanFacts(rows, facts) })
		b.Queue("SELECT id, emoji, user_id, seq FROM reactions WHERE id = ANY("+ids+")", text(id), wanted).Query(func(rows pgx.Rows) error { return scanFactReactions(rows, facts) })
		return tx.SendBatch(ctx, b).Close()
	})
	return facts, err
}

func scanFacts(rows pgx.Rows, facts map[uint32]*room.Message) error {
	for rows.Next() {
		var id int64
		var blob []byte
		m, stored := &room.Message{}, &chatv1.Message{}
		if err := rows.Scan(&id, &m.User, &m.Deleted, &m.Changed, &blob); err != nil {
			return err
		}
		if err := proto.Unmarshal(blob, stored); err != nil {
			return err
		}
		m.Text = room.DigestOf(stored.GetText())
		facts[uint32(id)] = m
	}
	return rows.Err()
}

func scanFactReactions(rows pgx.Rows, facts map[uint32]*room.Message) error {
	for rows.Next() {
		var id int64
		var emoji, user string
		var seq uint32
		if err := rows.Scan(&id, &emoji, &user, &seq); err != nil {
			return err
		}
		m := facts[uint32(id)]
		if m == nil {
			continue
		}
		if m.Reactions == nil {
			m.Reactions = map[string]map[string]uint32{}
		}
		if m.Reactions[emoji] == nil {
			m.Reactions[emoji] = map[string]uint32{}
		}
		m.Reactions[emoji][user] = seq
	}
	return rows.Err()
}
