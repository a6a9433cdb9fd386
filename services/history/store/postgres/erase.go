package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// applyRecords folds records batch by batch. An erasure may be about anything
// in the room, and so may a trim, so they are made on the rows, after all that
// was before them.
func applyRecords(ctx context.Context, tx pgx.Tx, records []*chatv1.LogRecord, texts map[string]string) error {
	for _, part := range untilErasures(records) {
		f, err := load(ctx, tx, part.records)
		if err != nil {
			return fmt.Errorf("read what records are about: %w", err)
		}
		for _, r := range part.records {
			if err := f.record(r); err != nil {
				return fmt.Errorf("record for sequence %d: %w", r.GetSequence(), err)
			}
		}
		if err := f.save(ctx, tx, texts); err != nil {
			return err
		}
		if part.last == nil {
			continue
		}
		row := f.rooms[part.last.GetRoom()]
		if err := trim(ctx, tx, row, row.trimmed, room.TrimmedBy(part.last)); err != nil {
			return err
		}
		if part.last.GetErased() != nil {
			if err := erase(ctx, tx, row, part.last); err != nil {
				return err
			}
		}
	}
	return nil
}

// part is what is folded together, and the erasure or trim that is its last
// event.
type part struct {
	records []*chatv1.LogRecord
	last    *chatv1.Event
}

func untilErasures(records []*chatv1.LogRecord) []part {
	parts := []part{{}}
	for _, r := range records {
		rest := r.GetEvents()
		for i := 0; i < len(rest); i++ {
			if rest[i].GetErased() == nil && room.TrimmedBy(rest[i]) == 0 {
				continue
			}
			last := &parts[len(parts)-1]
			last.records = append(last.records, &chatv1.LogRecord{Sequence: r.GetSequence(), Events: rest[:i+1]})
			last.last = rest[i]
			parts = append(parts, part{})
			rest, i = rest[i+1:], -1
		}
		last := &parts[len(parts)-1]
		last.records = append(last.records, &chatv1.LogRecord{Sequence: r.GetSequence(), Events: rest, Marks: r.GetMarks()})
	}
	return parts
}

// erase takes away what messages and events said, and of a user all that is
// kept of them in the room.
func erase(ctx context.Context, tx pgx.Tx, row *roomRow, e *chatv1.Event) error {
	c, b := e.GetErased(), &pgx.Batch{}
	ids := make([]int64, len(c.GetSeqs()))
	for i, seq := range c.GetSeqs() {
		ids[i] = row.id(seq)
	}
	messages, err := blobs(ctx, tx, "SELECT id, message FROM messages WHERE id = ANY($1)", ids)
	if err != nil {
		return err
	}
	replies := map[uint32]int{} // taken from threads
	for id, blob := range messages {
		m := &chatv1.Message{}
		if err := proto.Unmarshal(blob, m); err != nil {
			return err
		}
		if !room.Purges(c, m.GetUser()) {
			continue
		}
		purged := room.Purged(m, c.GetUser())
		if blob, err = proto.Marshal(purged); err != nil {
			return err
		}
		if !m.GetDeleted() && m.Thread != nil {
			replies[m.GetThread()]++
		}
		b.Queue(`UPDATE messages SET sent = 0, body = decode(repeat('00', 16), 'hex'), user_id = $2, deleted = CASE deleted WHEN 0 THEN $3 ELSE deleted END,
			reacted = false, command = '', mentions = NULL, message = $4 WHERE id = $1`, id, purged.GetUser(), int64(e.GetSeq()), blob)
		b.Queue("DELETE FROM reactions WHERE id = $1", id)
		b.Queue("DELETE FROM found WHERE id = $1", id)
	}
	if err := scrub(ctx, tx, b, c.GetUser(), ids); err != nil {
		return err
	}
	if c.GetUser() != "" {
		forget(b, row, c.GetUser())
	}
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return err
	}
	return lessReplies(ctx, tx, row, replies)
}

// scrub takes away what events said that posted no messages.
func scrub(ctx context.Context, tx pgx.Tx, b *pgx.Batch, user string, ids []int64) error {
	events, err := blobs(ctx, tx, "SELECT id, event FROM events WHERE id = ANY($1)", ids)
	if err != nil {
		return err
	}
	for id, blob := range events {
		e := &chatv1.Event{}
		if err := proto.Unmarshal(blob, e); err != nil {
			return err
		}
		if blob, err = proto.Marshal(room.Scrubbed(e, user)); err != nil {
			return err
		}
		b.Queue("UPDATE events SET event = $2 WHERE id = $1", id, blob)
	}
	return nil
}

// forget takes a user out of a room.
func forget(b *pgx.Batch, row *roomRow, user string) {
	b.Queue("UPDATE rooms SET members = members - (SELECT count(*) FROM members WHERE number = $1 AND user_id = $2) WHERE number = $1", row.number, user)
	b.Queue("UPDATE rooms SET created_by = $3 WHERE number = $1 AND created_by = $2", row.number, user, room.Nobody)
	b.Queue("DELETE FROM members WHERE number = $1 AND user_id = $2", row.number, user)
	b.Queue("DELETE FROM sanctions WHERE number = $1 AND user_id = $2", row.number, user)
	b.Queue("DELETE FROM reactions WHERE id > $1 AND id <= $2 AND user_id = $3", row.id(0), row.id(^uint32(0)), user)
}

// lessReplies lowers the counts of threads.
func lessReplies(ctx context.Context, tx pgx.Tx, row *roomRow, replies map[uint32]int) error {
	for seq, n := range replies {
		if seq < row.since {
			continue
		}
		m, err := scanMessage(tx.QueryRow(ctx, "SELECT message FROM messages WHERE id = $1", row.id(seq)))
		if err != nil {
			return err
		}
		root := &messageRow{message: m}
		root.replies(-n)
		blob, err := proto.Marshal(root.message)
		if err == nil {
			_, err = tx.Exec(ctx, "UPDATE messages SET message = $2 WHERE id = $1", row.id(seq), blob)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// blobs are rows by id.
func blobs(ctx context.Context, tx pgx.Tx, query string, args ...any) (map[int64][]byte, error) {
	rows, err := tx.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	found := map[int64][]byte{}
	var id int64
	var blob []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &blob}, func() error {
		found[id] = append([]byte(nil), blob...)
		return nil
	})
	return found, err
}
