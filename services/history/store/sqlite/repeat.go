package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
)

// repeated is a statement that is run for one row after another. It goes to the
// driver itself: database/sql looks at each argument anew, locks twice and keeps
// a result, which takes as long as half of what SQLite does for a row.
type repeated struct {
	stmt driver.Stmt
	run  driver.StmtExecContext
	args []driver.NamedValue
}

// errDriver is what no driver of this package's says.
var errDriver = errors.New("sqlite: the driver runs no prepared statements")

// rows runs a statement for each of n rows, whose arguments are set by one (the
// driver's own types: int64, string, []byte). The connection is locked
// meanwhile, so that a transaction whose context ends is rolled back before, which
// is looked at, or after.
func (f *fold) rows(query string, n, arguments int, one func(row int, args []driver.NamedValue) error) error {
	if n == 0 {
		return nil
	}
	return f.conn.Raw(func(conn any) error {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		r, err := f.repeated(conn, query, arguments)
		if err != nil {
			return err
		}
		ctx := context.WithoutCancel(f.ctx) // to watch it takes a goroutine for each row
		for row := range n {
			if err := f.ctx.Err(); err != nil {
				return err
			}
			if err := one(row, r.args); err != nil {
				return err
			}
			if _, err := r.run.ExecContext(ctx, r.args); err != nil {
				return err
			}
		}
		return nil
	})
}

// repeated is a statement that is prepared once in the transaction.
func (f *fold) repeated(conn any, query string, arguments int) (*repeated, error) {
	if r := f.repeats[query]; r != nil {
		return r, nil
	}
	preparer, ok := conn.(driver.ConnPrepareContext)
	if !ok {
		return nil, errDriver
	}
	stmt, err := preparer.PrepareContext(f.ctx, query)
	if err != nil {
		return nil, err
	}
	run, ok := stmt.(driver.StmtExecContext)
	if !ok {
		return nil, errors.Join(errDriver, stmt.Close())
	}
	r := &repeated{stmt: stmt, run: run, args: make([]driver.NamedValue, arguments)}
	for i := range r.args {
		r.args[i].Ordinal = i + 1
	}
	f.repeats[query] = r
	return r, nil
}
