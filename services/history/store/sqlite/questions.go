package sqlite

import "fmt"

// pageQuery and threadQuery are the messages with an id from ?1 on and below
// ?2, before the order. There is one condition for each end: of two, SQLite would
// start at either, and walk from there. A limit that is a bare parameter would be
// looked at by the planner, which would plan anew each time.
const (
	pageQuery   = "SELECT message, reacted FROM messages WHERE id >= ?1 AND id < ?2 ORDER BY id %s LIMIT ?3 + 0"
	threadQuery = "SELECT m.message, m.reacted FROM thread_messages t JOIN messages m ON m.id = t.id WHERE t.thread = ?4 AND t.id >= ?1 AND t.id < ?2 ORDER BY t.id %s LIMIT ?3 + 0"
	// olderQuery is first what the room is at that moment, in one row of numbers,
	// then its messages with a seq below ?2, the newest first: one question, since
	// each costs as much as twenty rows. CROSS JOIN has the room found first.
	olderQuery = `SELECT number, head << 32 | last_message FROM rooms WHERE room = ?1
		UNION ALL SELECT * FROM (SELECT m.message, m.reacted
			FROM rooms r CROSS JOIN messages m ON m.id >= r.number << 32 AND m.id < (r.number << 32) + ?2 WHERE r.room = ?1 ORDER BY m.id DESC LIMIT ?3 + 0)`
	// anyQuery and anyInThreadQuery tell whether there is one of them.
	anyQuery         = "SELECT EXISTS (SELECT 1 FROM messages WHERE id >= ?1 AND id < ?2)"
	anyInThreadQuery = "SELECT EXISTS (SELECT 1 FROM thread_messages WHERE thread = ?3 AND id >= ?1 AND id < ?2)"
	// reactionsQuery is about messages from an id to another, reactionsOfQuery
	// about those of a JSON array, which lie apart.
	reactionsQuery   = "SELECT id, emoji, count(*), max(user = ?1), min(seq) FROM reactions WHERE id >= ?2 AND id <= ?3 GROUP BY id, emoji"
	reactionsOfQuery = "SELECT id, emoji, count(*), max(user = ?1), min(seq) FROM reactions WHERE id IN (SELECT value FROM json_each(?2)) GROUP BY id, emoji"
	mineQuery        = "SELECT id, emoji FROM reactions WHERE user = ?1 AND id IN (SELECT value FROM json_each(?2))"
	roomQuery        = "SELECT " + roomColumns + " FROM rooms WHERE room = ?"
	// sentQuery finds messages by digest. Its second condition lets SQLite see that
	// the partial index serves.
	sentQuery    = "SELECT id, body, message FROM messages WHERE sent = ? AND sent != 0"
	roomsOfQuery = `SELECT r.room FROM members m JOIN rooms r ON r.number = m.number
		WHERE m.user = ? AND r.closed = 0 ORDER BY r.active_ms DESC, r.room LIMIT ?`
	// unreadQuery and mentionsQuery are about messages with an id above ?1 and up
	// to ?2, by others than ?3.
	unreadQuery   = "SELECT count(*) FROM (SELECT 1 FROM messages WHERE id > ?1 AND id <= ?2 AND user != ?3 AND deleted = 0 ORDER BY id DESC LIMIT 100)"
	mentionsQuery = `SELECT message FROM (SELECT message FROM messages WHERE id > ?1 AND id <= ?2 AND user != ?3 AND deleted = 0 ORDER BY id DESC LIMIT 1000)
		WHERE instr(message, ?4) > 0`
	numberQuery = "SELECT number FROM rooms WHERE room = ?"
	infoQuery   = `SELECT r.name, r.kind, r.topic, r.head, r.slow_mode, r.archived, r.closed, r.created_ms, r.created_by, r.active_ms, r.members, r.since, r.retention,
			m.user IS NOT NULL, coalesce(m.name, ''), coalesce(m.role, 0), coalesce(m.joined_seq, 0), coalesce(m.read_seq, 0), coalesce(s.banned, 0)
		FROM rooms r LEFT JOIN members m ON m.number = r.number AND m.user = ?2 LEFT JOIN sanctions s ON s.number = r.number AND s.user = ?2 WHERE r.room = ?1`
)

// questions are those that readers are asked, by name.
func questions() map[string]string {
	return map[string]string{
		"room": roomQuery, "number": numberQuery, "info": infoQuery, "sent": sentQuery, "rooms of": roomsOfQuery,
		"reactions": reactionsQuery, "reactions of": reactionsOfQuery, "mine": mineQuery, "unread": unreadQuery, "mentions": mentionsQuery,
		"any": anyQuery, "any in thread": anyInThreadQuery,
	}
}

// lists are those that are answered by many rows, by name.
func lists() map[string]string {
	return map[string]string{
		"older":    olderQuery,
		"page ASC": fmt.Sprintf(pageQuery, "ASC"), "page DESC": fmt.Sprintf(pageQuery, "DESC"),
		"thread ASC": fmt.Sprintf(threadQuery, "ASC"), "thread DESC": fmt.Sprintf(threadQuery, "DESC"),
	}
}
