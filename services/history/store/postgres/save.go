package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"
)

// save writes what became of the rows: new messages and events by COPY, all
// else in one batch. texts are the terms of all new texts.
func (f *fold) save(ctx context.Context, tx pgx.Tx, texts map[string]string) error {
	if len(f.posted) > 0 {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"messages"},
			[]string{"id", "sent", "body", "user_id", "thread", "deleted", "changed", "reacted", "command", "mentions", "message"},
			pgx.CopyFromSlice(len(f.posted), func(i int) ([]any, error) { return f.newMessage(f.posted[i]) }))
		if err != nil {
			return fmt.Errorf("new messages: %w", err)
		}
	}
	if len(f.events) > 0 {
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"events"}, []string{"id", "event", "about"},
			pgx.CopyFromSlice(len(f.events), func(i int) ([]any, error) { return []any{f.events[i].id, f.events[i].event, f.events[i].about}, nil }))
		if err != nil {
			return fmt.Errorf("new events: %w", err)
		}
	}
	b := &pgx.Batch{}
	f.saveRooms(b)
	f.saveMembers(b)
	f.saveSanctions(b)
	f.saveReactions(b)
	if err := f.saveMessages(b); err != nil {
		return err
	}
	f.saveTerms(b, texts)
	if b.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, b).Close()
}

func (f *fold) newMessage(id int64) ([]any, error) {
	m := f.messages[id]
	blob, err := proto.Marshal(m.message)
	var thread int64
	if m.message.Thread != nil {
		thread = id>>32<<32 | int64(m.message.GetThread())
	}
	return []any{id, m.sent, m.body, m.message.GetUser(), thread, int64(m.deleted), int64(m.changed), m.reacted, []byte(m.command), m.message.GetMentions(), blob}, err
}

// saveMessages writes the messages of former batches that were changed.
func (f *fold) saveMessages(b *pgx.Batch) error {
	for id, m := range f.messages {
		if m.fresh || !m.modified {
			continue
		}
		blob, err := proto.Marshal(m.message)
		if err != nil {
			return err
		}
		b.Queue("UPDATE messages SET deleted = $2, changed = $3, reacted = $4, mentions = $5, message = $6 WHERE id = $1",
			id, int64(m.deleted), int64(m.changed), m.reacted, m.message.GetMentions(), blob)
	}
	return nil
}

// saveRooms writes the rooms: all that are loaded were touched.
func (f *fold) saveRooms(b *pgx.Batch) {
	for _, r := range f.rooms {
		if r.fresh {
			b.Queue(`INSERT INTO rooms (number, room, created_ms, created_by, name, folded, kind, topic, head, slow_mode, archived, closed, active_ms, members, last_message, since, retention)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`, append([]any{r.number, r.room, r.createdMs, r.createdBy}, r.settings()...)...)
			continue
		}
		b.Queue(`UPDATE rooms SET name = $2, folded = $3, kind = $4, topic = $5, head = $6, slow_mode = $7, archived = $8, closed = $9, active_ms = $10, members = $11, last_message = $12, since = $13, retention = $14
			WHERE number = $1`, append([]any{r.number}, r.settings()...)...)
	}
}

func (r *roomRow) settings() []any {
	name := text(r.name)
	return []any{name, strings.ToLower(name), int32(r.kind), text(r.topic), int64(r.head), int64(r.slowMode), r.archived, r.closed, r.activeMs, r.members, int64(r.lastMessage), int64(r.since), notNull(r.retention)}
}

func (f *fold) saveMembers(b *pgx.Batch) {
	var goneNumbers, numbers, joined, read []int64
	var goneUsers, users, names []string
	var roles []int32
	for key, m := range f.members {
		switch {
		case !m.changed:
		case !m.in && m.was:
			goneNumbers, goneUsers = append(goneNumbers, key.number), append(goneUsers, key.user)
		case m.in:
			numbers, users, names = append(numbers, key.number), append(users, key.user), append(names, text(m.name))
			roles, joined, read = append(roles, int32(m.role)), append(joined, int64(m.joined)), append(read, int64(m.read))
		}
	}
	if len(goneNumbers) > 0 {
		b.Queue("DELETE FROM members m USING unnest($1::bigint[], $2::text[]) AS w (number, user_id) WHERE m.number = w.number AND m.user_id = w.user_id", goneNumbers, goneUsers)
	}
	if len(numbers) > 0 {
		b.Queue(`INSERT INTO members (number, user_id, name, role, joined_seq, read_seq) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::integer[], $5::bigint[], $6::bigint[])
			ON CONFLICT (number, user_id) DO UPDATE SET name = excluded.name, role = excluded.role, joined_seq = excluded.joined_seq, read_seq = excluded.read_seq`,
			numbers, users, names, roles, joined, read)
	}
}

func (f *fold) saveSanctions(b *pgx.Batch) {
	var numbers, banned, muted, sent []int64
	var users []string
	for key, s := range f.sanctions {
		if s.changed {
			numbers, users = append(numbers, key.number), append(users, key.user)
			banned, muted, sent = append(banned, s.banned), append(muted, s.muted), append(sent, s.sent)
		}
	}
	if len(numbers) > 0 {
		b.Queue(`INSERT INTO sanctions (number, user_id, banned, muted, sent) SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
			ON CONFLICT (number, user_id) DO UPDATE SET banned = excluded.banned, muted = excluded.muted, sent = excluded.sent`, numbers, users, banned, muted, sent)
	}
}

func (f *fold) saveReactions(b *pgx.Batch) {
	if len(f.wiped) > 0 {
		ids := make([]int64, 0, len(f.wiped))
		for id := range f.wiped {
			ids = append(ids, id)
		}
		b.Queue("DELETE FROM reactions WHERE id = ANY($1)", ids)
	}
	var goneIDs, ids, seqs []int64
	var goneEmojis, goneUsers, emojis, users []string
	for key, r := range f.reactions {
		switch {
		case !r.changed:
		case r.seq == 0:
			goneIDs, goneEmojis, goneUsers = append(goneIDs, key.id), append(goneEmojis, text(key.emoji)), append(goneUsers, key.user)
		default:
			ids, emojis, users, seqs = append(ids, key.id), append(emojis, text(key.emoji)), append(users, key.user), append(seqs, int64(r.seq))
		}
	}
	if len(goneIDs) > 0 {
		b.Queue("DELETE FROM reactions r USING unnest($1::bigint[], $2::text[], $3::text[]) AS w (id, emoji, user_id) WHERE r.id = w.id AND r.emoji = w.emoji AND r.user_id = w.user_id", goneIDs, goneEmojis, goneUsers)
	}
	if len(ids) > 0 {
		b.Queue(`INSERT INTO reactions (id, emoji, user_id, seq) SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::bigint[])
			ON CONFLICT (id, emoji, user_id) DO UPDATE SET seq = excluded.seq`, ids, emojis, users, seqs)
	}
}
