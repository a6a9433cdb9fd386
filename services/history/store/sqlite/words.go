package sqlite

import (
	"cmp"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"slices"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
)

// words is the index as one transaction changes it. What is put waits, and goes
// in by rising doc: that is the order in which FTS5 need not write in between.
type words struct {
	fold   *fold
	terms  []byte // of all that waits
	queue  []waiting
	byDoc  map[int64]int   // the queue's, once somebody asked
	gone   map[int64]bool  // docs that are in the table and have to leave it first
	next   map[int64]int64 // the next free doc, by ms
	full   map[int64]int64 // the ms in which those of a full ms go on
	newest int64           // the highest doc given away; 0: not looked up
}

// waiting is a doc that has to go in, and where its terms are; doc 0 was dropped.
type waiting struct {
	doc      int64
	from, to int
}

// maxPending bounds what waits, in bytes.
const maxPending = 8 << 20

func newWords(f *fold) *words {
	return &words{fold: f, gone: map[int64]bool{}, next: map[int64]int64{}, full: map[int64]int64{}}
}

// A doc is a ms and a tie; 256 messages of one ms have docs of their own.
const (
	tieBits = 8
	ties    = 1 << tieBits
	lastMs  = 1 << (62 - tieBits)
)

// place is a free doc for a message of that time. More of one ms than there are
// ties go on in the next ms.
func (w *words) place(timeMs int64) (int64, error) {
	first := max(1, min(timeMs, lastMs))
	ms := first
	if later, ok := w.full[first]; ok {
		ms = later
	}
	for ; ; ms++ {
		next, err := w.free(ms)
		if err != nil {
			return 0, err
		}
		if next < (ms+1)*ties {
			w.next[ms], w.newest = next+1, max(w.newest, next)
			if ms > first {
				w.full[first] = ms
			}
			return next, nil
		}
	}
}

// free is the next free doc of a ms, which may be the first of the one after it.
func (w *words) free(ms int64) (int64, error) {
	if next, known := w.next[ms]; known {
		return next, nil
	}
	var last sql.NullInt64
	if w.newest == 0 {
		if err := w.fold.queryRow(&last, "SELECT max(doc) FROM messages WHERE doc != 0"); err != nil {
			return 0, err
		}
		w.newest = max(1, last.Int64)
	}
	if ms*ties > w.newest { // as nearly all are
		return ms * ties, nil
	}
	err := w.fold.queryRow(&last, "SELECT max(doc) FROM messages WHERE doc >= ? AND doc < ? AND doc != 0", ms*ties, (ms+1)*ties)
	return max(ms*ties, last.Int64+1), err
}

// put has a message found, by the terms of its scope and its text.
func (w *words) put(doc int64, scope, text string) error {
	from := len(w.terms)
	w.terms = search.AppendTerms(append(w.terms, scope...), text)
	if w.byDoc != nil {
		w.byDoc[doc] = len(w.queue)
	}
	w.queue = append(w.queue, waiting{doc, from, len(w.terms)})
	if len(w.terms) > maxPending {
		return w.flush()
	}
	return nil
}

// replace has a message found by what it says now.
func (w *words) replace(row *roomRow, m *chatv1.Message) error {
	doc, err := w.docOf(row.id(m.GetSeq()))
	if err != nil || doc == 0 {
		return err
	}
	w.drop(doc)
	return w.put(doc, row.author(m.GetUser()).scope, m.GetText())
}

// remove has a message not found any more.
func (w *words) remove(id int64) error {
	doc, err := w.docOf(id)
	w.drop(doc)
	return err
}

// drop has a doc not found any more; 0 is none.
func (w *words) drop(doc int64) {
	if doc == 0 {
		return
	}
	if w.byDoc == nil {
		w.byDoc = make(map[int64]int, len(w.queue))
		for i, one := range w.queue {
			w.byDoc[one.doc] = i
		}
	}
	if i, waits := w.byDoc[doc]; waits {
		w.queue[i].doc = 0
		delete(w.byDoc, doc)
		return
	}
	w.gone[doc] = true
}

func (w *words) docOf(id int64) (doc int64, err error) {
	err = w.fold.queryRow(&doc, "SELECT doc FROM messages WHERE id = ?", id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return doc, err
}

// flush writes what waits.
func (w *words) flush() error {
	if len(w.gone) > 0 {
		if _, err := w.fold.exec("INSERT INTO meta (key, value) VALUES ('untidy', 1) ON CONFLICT (key) DO UPDATE SET value = value + 1"); err != nil {
			return err
		}
	}
	for _, doc := range slices.Sorted(maps.Keys(w.gone)) {
		if _, err := w.fold.exec("DELETE FROM search WHERE rowid = ?", doc); err != nil {
			return fmt.Errorf("search: %w", err)
		}
	}
	all := string(w.terms)
	slices.SortFunc(w.queue, func(a, b waiting) int { return cmp.Compare(a.doc, b.doc) })
	first, _ := slices.BinarySearchFunc(w.queue, 1, func(one waiting, doc int64) int { return cmp.Compare(one.doc, doc) })
	queue := w.queue[first:]
	if err := w.fold.rows("INSERT INTO search (rowid, terms) VALUES (?, ?)", len(queue), 2, func(n int, args []driver.NamedValue) error {
		args[0].Value, args[1].Value = queue[n].doc, all[queue[n].from:queue[n].to]
		return nil
	}); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	clear(w.gone)
	w.terms, w.queue, w.byDoc = w.terms[:0], w.queue[:0], nil
	return nil
}
