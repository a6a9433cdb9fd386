package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// indexBatch is how many messages are indexed in one transaction.
const indexBatch = 10_000

// index has what was stored before there was search found. It goes on where it
// stopped, and does nothing if all is indexed.
func (s *Store) index(ctx context.Context) error {
	for {
		more, err := s.indexSome(ctx)
		if err != nil {
			return fmt.Errorf("index the messages that are there: %w", err)
		}
		if !more {
			return nil
		}
	}
}

// indexSome indexes a batch, and tells whether there may be another.
func (s *Store) indexSome(ctx context.Context) (more bool, err error) {
	f, err := s.begin(ctx)
	if err != nil {
		return false, err
	}
	defer f.end()
	var after int64
	err = f.tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'indexed'").Scan(&after)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	batch, last, err := unindexed(ctx, f.tx, after)
	if err != nil {
		return false, err
	}
	for _, found := range batch {
		if err := f.indexOne(found); err != nil {
			return false, err
		}
	}
	if err := f.words.flush(); err != nil {
		return false, err
	}
	if last == after {
		_, err = f.tx.ExecContext(ctx, "DELETE FROM meta WHERE key = 'indexed'")
	} else {
		_, err = f.tx.ExecContext(ctx, "UPDATE meta SET value = ? WHERE key = 'indexed'", last)
	}
	if err != nil {
		return false, err
	}
	return last != after, f.tx.Commit()
}

// kept is a message as it is in the table.
type kept struct {
	id   int64
	room roomRow // its number and kind
	blob []byte
}

// unindexed are the messages after an id that can be found, and the last id
// looked at.
func unindexed(ctx context.Context, tx *sql.Tx, after int64) (batch []kept, last int64, err error) {
	rows, err := tx.QueryContext(ctx, `SELECT m.id, m.deleted, m.message, r.number, r.kind FROM messages m JOIN rooms r ON r.number = m.id >> 32
		WHERE m.id > ? ORDER BY m.id LIMIT ?`, after, indexBatch)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close()
	last = after
	for rows.Next() {
		var k kept
		var deleted uint32
		if err := rows.Scan(&k.id, &deleted, &k.blob, &k.room.number, &k.room.kind); err != nil {
			return nil, 0, err
		}
		if last = k.id; deleted == 0 {
			batch = append(batch, k)
		}
	}
	return batch, last, rows.Err()
}

func (f *fold) indexOne(k kept) error {
	m := &chatv1.Message{}
	if err := proto.Unmarshal(k.blob, m); err != nil {
		return fmt.Errorf("message %d: %w", k.id, err)
	}
	doc, err := f.words.place(m.GetTime().AsTime().UnixMilli())
	if err != nil {
		return err
	}
	if _, err := f.exec("UPDATE messages SET doc = ? WHERE id = ?", doc, k.id); err != nil {
		return err
	}
	return f.words.put(doc, k.room.author(m.GetUser()).scope, m.GetText())
}
