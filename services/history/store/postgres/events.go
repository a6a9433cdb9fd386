package postgres

import (
	"cmp"
	"context"
	"slices"

	"github.com/jackc/pgx/v5"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// eventsQuery is a range of keys: seqs have no holes, so it is bounded by the limit.
const eventsQuery = `SELECT false, event, ''::bytea FROM events WHERE id > (SELECT number << 32 FROM rooms WHERE room = $1) + $2 AND id <= (SELECT number << 32 FROM rooms WHERE room = $1) + $3
	UNION ALL SELECT true, message, command FROM messages WHERE id > (SELECT number << 32 FROM rooms WHERE room = $1) + $2 AND id <= (SELECT number << 32 FROM rooms WHERE room = $1) + $3`

// Events implements store.Store. Posted messages are made from the messages
// as they stand now, so a deleted one carries no text, and nor do its edits.
func (s *Store) Events(ctx context.Context, id string, after uint32, limit int) ([]*chatv1.Event, error) {
	last := min(int64(after)+int64(limit), int64(^uint32(0)))
	rows, err := s.pool.Query(ctx, eventsQuery, text(id), int64(after), last)
	if err != nil {
		return nil, err
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (*chatv1.Event, error) {
		var isMessage bool
		var blob, command []byte
		if err := row.Scan(&isMessage, &blob, &command); err != nil {
			return nil, err
		}
		return eventOf(id, isMessage, blob, string(command))
	})
	if err == nil {
		err = s.unsay(ctx, id, list)
	}
	slices.SortFunc(list, func(a, b *chatv1.Event) int { return cmp.Compare(a.GetSeq(), b.GetSeq()) })
	return list, err
}

// unsay takes away what edits of deleted messages said.
func (s *Store) unsay(ctx context.Context, id string, list []*chatv1.Event) error {
	var seqs []int64
	for _, e := range list {
		if e.GetEdited() != nil {
			seqs = append(seqs, int64(e.GetEdited().GetSeq()))
		}
	}
	if len(seqs) == 0 {
		return nil
	}
	rows, err := s.pool.Query(ctx, "SELECT id & 4294967295 FROM messages WHERE id = ANY("+ids+") AND deleted <> 0", text(id), seqs)
	if err != nil {
		return err
	}
	deleted, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for i, e := range list {
		if e.GetEdited() != nil && slices.Contains(deleted, int64(e.GetEdited().GetSeq())) {
			list[i] = room.Unsaid(e)
		}
	}
	return err
}

func eventOf(id string, isMessage bool, blob []byte, command string) (*chatv1.Event, error) {
	if !isMessage {
		e := &chatv1.Event{}
		return e, proto.Unmarshal(blob, e)
	}
	m := &chatv1.Message{}
	if err := proto.Unmarshal(blob, m); err != nil {
		return nil, err
	}
	return &chatv1.Event{
		Room: id, Seq: m.GetSeq(), TimeMs: m.GetTime().AsTime().UnixMilli(), User: m.GetUser(), Name: m.GetName(),
		ClientMsgId: m.GetClientMsgId(), CommandId: command,
		Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: m.GetText(), Data: m.GetData(), ReplyTo: m.ReplyTo, Thread: m.Thread, Mentions: m.GetMentions()}},
	}, nil
}
