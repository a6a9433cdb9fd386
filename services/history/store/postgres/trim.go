package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// trim takes away the messages from one seq up to another, and all that was
// said about them.
func trim(ctx context.Context, tx pgx.Tx, row *roomRow, from, before uint32) error {
	if before <= from {
		return nil
	}
	if err := readEvents(ctx, tx, row); err != nil {
		return err
	}
	first, end := row.id(from), row.id(before)
	about, err := blobs(ctx, tx, "SELECT id, event FROM events WHERE about >= $1 AND about < $2 AND about > 0 AND id >= $2", first, end)
	if err != nil {
		return err
	}
	b := &pgx.Batch{}
	for _, query := range []string{
		"DELETE FROM found WHERE id >= $1 AND id < $2", "DELETE FROM reactions WHERE id >= $1 AND id < $2",
		"DELETE FROM messages WHERE id >= $1 AND id < $2", "DELETE FROM events WHERE id >= $1 AND id < $2 AND about > 0",
	} {
		b.Queue(query, first, end)
	}
	for id, blob := range about {
		e := &chatv1.Event{}
		if err := proto.Unmarshal(blob, e); err != nil {
			return err
		}
		if blob, err = proto.Marshal(room.Left(e, before)); err != nil {
			return err
		}
		b.Queue("UPDATE events SET event = $2 WHERE id = $1", id, blob)
	}
	return tx.SendBatch(ctx, b).Close()
}

// readEvents finds out what the room's events are about, where an older program
// stored them.
func readEvents(ctx context.Context, tx pgx.Tx, row *roomRow) error {
	unknown, err := blobs(ctx, tx, "SELECT id, event FROM events WHERE id >= $1 AND id <= $2 AND about IS NULL", row.id(0), row.id(^uint32(0)))
	if err != nil || len(unknown) == 0 {
		return err
	}
	var ids, abouts []int64
	for id, blob := range unknown {
		e := &chatv1.Event{}
		if err := proto.Unmarshal(blob, e); err != nil {
			return err
		}
		ids, abouts = append(ids, id), append(abouts, row.about(e))
	}
	_, err = tx.Exec(ctx, "UPDATE events e SET about = w.about FROM unnest($1::bigint[], $2::bigint[]) AS w (id, about) WHERE e.id = w.id", ids, abouts)
	return err
}

// about is the id of the message with which an event goes; 0: it stays.
func (r *roomRow) about(e *chatv1.Event) int64 {
	if seq := room.About(e); seq > 0 {
		return r.id(seq)
	}
	return 0
}
