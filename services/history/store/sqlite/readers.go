package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

var errClosed = errors.New("sqlite: the store is closed")

// pageReaders is how many of them are asked at a time; more wait for one.
const pageReaders = 4

// readers answer the small questions of every page, hello and send. Each has a
// connection of its own, on which these are parsed: to parse one takes longer
// than to answer it. Safe for concurrent use.
type readers struct {
	db    *sql.DB
	free  chan *reader // nil: one that is not open
	close func() error
	end   chan struct{} // closed by close
}

// reader is one connection, with its questions by name.
type reader struct {
	conn      *sql.Conn
	questions map[string]*sql.Stmt
}

func newReaders(db *sql.DB) *readers {
	r := &readers{db: db, free: make(chan *reader, pageReaders), end: make(chan struct{})}
	r.close = sync.OnceValue(r.closeAll)
	for range pageReaders {
		r.free <- nil
	}
	return r
}

// use lends one out. What it asks goes on when ctx ends: an answer is at most a
// page, and to watch a context takes longer than that.
func (r *readers) use(ctx context.Context, ask func(ctx context.Context, one *reader) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var one *reader
	select {
	case one = <-r.free:
	case <-r.end:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { r.free <- one }()
	if one == nil {
		var err error
		if one, err = openReader(ctx, r.db); err != nil {
			return err
		}
	}
	err := ask(context.WithoutCancel(ctx), one)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		// Whatever it is, the next one begins anew.
		err = errors.Join(err, one.conn.Close())
		one = nil
	}
	return err
}

// closeAll waits for those that are lent out.
func (r *readers) closeAll() error {
	close(r.end)
	var errs []error
	for range pageReaders {
		if one := <-r.free; one != nil {
			errs = append(errs, one.conn.Close())
		}
	}
	return errors.Join(errs...)
}

// openReader needs ctx only until it returns.
func openReader(ctx context.Context, db *sql.DB) (*reader, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	one := &reader{conn: conn, questions: map[string]*sql.Stmt{}}
	for name, query := range questions() {
		if one.questions[name], err = conn.PrepareContext(ctx, query); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
	}
	return one, nil
}
