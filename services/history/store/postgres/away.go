package postgres

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// passing are the classes of SQLSTATE that say that a server cannot do just now
// what it will do later: no connection, read-only, a conflict, out of disk or
// memory, locked, starting or stopping, trouble of the system under it.
var passing = []string{"08", "25", "40", "53", "55", "57", "58"}

// Away tells whether an error means that the database does not answer, or cannot
// just now, so that the same may succeed later.
func Away(err error) bool {
	if refused := (*pgconn.PgError)(nil); errors.As(err, &refused) {
		for _, class := range passing {
			if strings.HasPrefix(refused.Code, class) {
				return true
			}
		}
		return false
	}
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
