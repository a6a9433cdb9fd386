package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
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

// reader is one connection, with its questions by name. Those that are answered
// by many rows are asked of the driver itself: what package sql does for each
// row takes as long as to read it.
type reader struct {
	conn      *sql.Conn
	questions map[string]*sql.Stmt
	lists     map[string]driver.Stmt
}

// rows asks for a list, and gives its rows to take until there are no more or it
// wants none. A row holds only until take returns.
func (r *reader) rows(ctx context.Context, list string, args []any, take func(row []driver.Value) (more bool, err error)) error {
	named := make([]driver.NamedValue, len(args))
	for i, arg := range args {
		named[i] = driver.NamedValue{Ordinal: i + 1, Value: arg}
	}
	return r.conn.Raw(func(any) error {
		rows, err := r.lists[list].(driver.StmtQueryContext).QueryContext(ctx, named)
		if err != nil {
			return err
		}
		row := make([]driver.Value, len(rows.Columns()))
		for {
			if err = rows.Next(row); err != nil {
				break
			}
			var more bool
			if more, err = take(row); err != nil || !more {
				break
			}
		}
		if err == io.EOF {
			err = nil
		}
		return errors.Join(err, rows.Close())
	})
}

func (r *reader) close() error {
	var errs []error
	for _, list := range r.lists {
		errs = append(errs, list.Close())
	}
	return errors.Join(append(errs, r.conn.Close())...)
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
		err = errors.Join(err, one.close())
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
			errs = append(errs, one.close())
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
	one := &reader{conn: conn, questions: map[string]*sql.Stmt{}, lists: map[string]driver.Stmt{}}
	for name, query := range questions() {
		if one.questions[name], err = conn.PrepareContext(ctx, query); err != nil {
			return nil, errors.Join(err, one.close())
		}
	}
	err = conn.Raw(func(c any) error {
		for name, query := range lists() {
			list, err := c.(driver.ConnPrepareContext).PrepareContext(ctx, query)
			if err != nil {
				return err
			}
			one.lists[name] = list
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(err, one.close())
	}
	return one, nil
}
