package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// pageQuery and threadQuery are the messages with an id from ?1 on and below
// ?2, before the order. There is one condition for each end: of two, SQLite would
// start at either, and walk from there. A limit that is a bare parameter would be
// looked at by the planner, which would plan anew each time.
const (
	pageQuery   = "SELECT message, reacted FROM messages WHERE id >= ?1 AND id < ?2 ORDER BY id %s LIMIT ?3 + 0"
	threadQuery = "SELECT m.message, m.reacted FROM thread_messages t JOIN messages m ON m.id = t.id WHERE t.thread = ?4 AND t.id >= ?1 AND t.id < ?2 ORDER BY t.id %s LIMIT ?3 + 0"
	roomQuery   = "SELECT " + roomColumns + " FROM rooms WHERE room = ?"
)

// questions are those of every page, by name: to parse them takes longer
// than to answer them.
type questions map[string]*sql.Stmt

func prepare(ctx context.Context, db *sql.DB) (questions, error) {
	all := questions{}
	for name, query := range map[string]string{
		"room":     roomQuery,
		"page ASC": fmt.Sprintf(pageQuery, "ASC"), "page DESC": fmt.Sprintf(pageQuery, "DESC"),
		"thread ASC": fmt.Sprintf(threadQuery, "ASC"), "thread DESC": fmt.Sprintf(threadQuery, "DESC"),
	} {
		stmt, err := db.PrepareContext(ctx, query)
		if err != nil {
			return nil, err
		}
		all[name] = stmt // closed with db
	}
	return all, nil
}
