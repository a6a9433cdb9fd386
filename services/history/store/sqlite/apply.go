package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/faultpoint"
	"github.com/natter-chat/natter/services/history/store"
)

// Apply implements store.Store.
func (s *Store) Apply(ctx context.Context, partition int, from, to store.Position, records []*chatv1.LogRecord) error {
	return s.together.apply(ctx, &part{partition: partition, from: from, to: to, records: records, done: make(chan error, 1)})
}

// apply is one transaction of parts that are of different partitions.
func (s *Store) apply(ctx context.Context, parts []*part) error {
	f, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer f.end()
	defer s.infos.forget(f.rooms)
	for _, p := range parts {
		if err := f.part(p); err != nil {
			return err
		}
	}
	if err := f.finish(); err != nil {
		return err
	}
	faultpoint.Hit(faultpoint.BeforeCommit)
	err = f.tx.Commit()
	faultpoint.Hit(faultpoint.AfterCommit)
	return err
}

// part folds what one partition has, and moves its position.
func (f *fold) part(p *part) error {
	at, err := position(f.ctx, f.tx, p.partition)
	if err != nil {
		return err
	}
	if !at.Equal(p.from) {
		return store.ErrPosition
	}
	for _, r := range p.records {
		if err := f.record(r); err != nil {
			return fmt.Errorf("record for sequence %d: %w", r.GetSequence(), err)
		}
	}
	_, err = f.exec(`INSERT INTO positions (partition, stream, sequence, record) VALUES (?, ?, ?, ?)
		ON CONFLICT (partition) DO UPDATE SET stream = excluded.stream, sequence = excluded.sequence, record = excluded.record`,
		p.partition, p.to.Stream, int64(p.to.Sequence), p.to.Record)
	return err
}

// fold is the work of one transaction: the rooms it touched are in memory and
// written once, at its end.
type fold struct {
	ctx     context.Context
	conn    *sql.Conn
	tx      *sql.Tx // of conn
	stmts   map[string]*sql.Stmt
	repeats map[string]*repeated
	rooms   map[string]*roomRow
	words   *words
	blob    []byte // the row under way
}

// begin waits for the one connection that writes.
func (s *Store) begin(ctx context.Context) (*fold, error) {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	f := &fold{ctx: ctx, conn: conn, tx: tx, stmts: map[string]*sql.Stmt{}, repeats: map[string]*repeated{}, rooms: map[string]*roomRow{}}
	f.words = newWords(f)
	return f, nil
}

// end gives the connection back, and rolls back what was not committed.
func (f *fold) end() {
	_ = f.tx.Rollback()
	_ = f.conn.Raw(func(any) error {
		for _, r := range f.repeats {
			_ = r.stmt.Close()
		}
		return nil
	})
	_ = f.conn.Close()
}

// prepared is a statement that is prepared once in the transaction.
func (f *fold) prepared(query string) (*sql.Stmt, error) {
	stmt := f.stmts[query]
	if stmt == nil {
		var err error
		if stmt, err = f.tx.PrepareContext(f.ctx, query); err != nil {
			return nil, err
		}
		f.stmts[query] = stmt
	}
	return stmt, nil
}

func (f *fold) exec(query string, args ...any) (sql.Result, error) {
	stmt, err := f.prepared(query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(f.ctx, args...)
}

// queryRow reads one row of one column into dest; sql.ErrNoRows if there is none.
func (f *fold) queryRow(dest any, query string, args ...any) error {
	stmt, err := f.prepared(query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(f.ctx, args...).Scan(dest)
}

func (f *fold) record(r *chatv1.LogRecord) error {
	for _, e := range r.GetEvents() {
		if err := f.event(e); err != nil {
			return fmt.Errorf("event %d of room %q: %w", e.GetSeq(), e.GetRoom(), err)
		}
	}
	for _, m := range r.GetMarks() {
		row, err := f.room(m.GetRoom())
		if err != nil {
			return err
		}
		if _, err := f.exec("UPDATE members SET read_seq = max(read_seq, ?) WHERE number = ? AND user = ?", m.GetSeq(), row.number, m.GetUser()); err != nil {
			return err
		}
	}
	return nil
}

// finish writes the rooms back, and what can be found.
func (f *fold) finish() error {
	rooms := f.inOrder()
	for _, row := range rooms {
		if err := f.write(row); err != nil {
			return err
		}
	}
	if err := f.update(rooms); err != nil {
		return err
	}
	return f.words.flush()
}
