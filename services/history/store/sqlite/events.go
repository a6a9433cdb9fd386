package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// Events implements store.Store. Posted messages are made from the messages
// as they stand now, so a deleted one carries no text, and nor do its edits.
func (s *Store) Events(ctx context.Context, id string, after uint32, limit int) ([]*chatv1.Event, error) {
	row, err := s.roomRow(ctx, id)
	if row == nil || err != nil {
		return nil, err
	}
	// Seqs have no holes, so the range of keys is bounded by the limit.
	last := min(row.id(after)+int64(limit), row.id(^uint32(0)))
	rows, err := s.read.QueryContext(ctx, `SELECT false, event, '' FROM events WHERE id > ?1 AND id <= ?2
		UNION ALL SELECT true, message, command FROM messages WHERE id > ?1 AND id <= ?2`, row.id(after), last)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	list := make([]*chatv1.Event, 0, limit)
	for rows.Next() {
		var isMessage bool
		var blob sql.RawBytes
		var command string
		if err := rows.Scan(&isMessage, &blob, &command); err != nil {
			return nil, err
		}
		e, err := eventOf(id, isMessage, blob, command)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	for i, e := range list {
		if e.GetEdited() == nil {
			continue
		}
		var deleted bool
		if err := s.read.QueryRowContext(ctx, "SELECT deleted != 0 FROM messages WHERE id = ?", row.id(e.GetEdited().GetSeq())).Scan(&deleted); errors.Is(err, sql.ErrNoRows) {
			deleted = true // trimmed
		} else if err != nil {
			return nil, err
		}
		if deleted {
			list[i] = room.Unsaid(e)
		}
	}
	slices.SortFunc(list, func(a, b *chatv1.Event) int { return cmp.Compare(a.GetSeq(), b.GetSeq()) })
	return list, nil
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
