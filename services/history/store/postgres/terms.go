package postgres

import (
	"context"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/search"
	"github.com/natter-chat/natter/services/history/store/scope"
)

// termsOf is a message as a tsvector, given what textTerms makes of its text.
func termsOf(number int64, kind chatv1.RoomKind, user, text string) string {
	var b strings.Builder
	for _, t := range scope.Of(number, kind, user) {
		b.WriteString(lexeme(t))
		b.WriteByte(' ')
	}
	b.WriteString(text)
	return b.String()
}

// textTerms are a text's lexemes with their places: no dictionary of the
// server's has a say. PostgreSQL keeps 256 places of a term; phrases further on
// in a text that repeats one more often are not found.
func textTerms(text string) string {
	var b strings.Builder
	for i, t := range search.Terms(text) {
		b.WriteString(lexeme(t.Text))
		b.WriteByte(':')
		b.WriteString(strconv.Itoa(i + 1))
		b.WriteByte(' ')
	}
	return b.String()
}

// termsByText does the work for all texts of records: it is done before there
// is a transaction, which should not wait for it.
func termsByText(records []*chatv1.LogRecord) map[string]string {
	terms := map[string]string{}
	for _, r := range records {
		for _, e := range r.GetEvents() {
			for _, text := range []string{e.GetMessage().GetText(), e.GetEdited().GetText()} {
				if _, done := terms[text]; !done && text != "" {
					terms[text] = textTerms(text)
				}
			}
		}
	}
	return terms
}

// lexeme quotes a term.
func lexeme(term string) string {
	return "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(term) + "'"
}

// putTerms has messages found by what they say; $1 ids, $2 times, $3 terms.
const putTerms = `INSERT INTO found (id, time_ms, terms) SELECT w.id, w.time_ms, w.terms::tsvector FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS w (id, time_ms, terms)
	ON CONFLICT (id) DO UPDATE SET terms = excluded.terms`

// terms are those of messages that are in the table.
type terms struct {
	ids, times []int64
	terms      []string
}

func (t *terms) add(id int64, kind chatv1.RoomKind, m *chatv1.Message) {
	t.ids, t.times = append(t.ids, id), append(t.times, m.GetTime().AsTime().UnixMilli())
	t.terms = append(t.terms, termsOf(id>>32, kind, m.GetUser(), textTerms(m.GetText())))
}

func (t *terms) save(ctx context.Context, tx pgx.Tx) error {
	_, err := tx.Exec(ctx, putTerms, t.ids, t.times, t.terms)
	return err
}

// saveTerms writes what is found of new and reworded messages.
func (f *fold) saveTerms(b *pgx.Batch, texts map[string]string) {
	kinds := map[int64]chatv1.RoomKind{}
	for _, row := range f.rooms {
		kinds[row.number] = row.kind
	}
	var gone, ids, times []int64
	var terms []string
	for id, m := range f.messages {
		switch {
		case !m.fresh && !m.reworded:
		case m.deleted == 0:
			number := id >> 32
			ids, times = append(ids, id), append(times, m.message.GetTime().AsTime().UnixMilli())
			terms = append(terms, termsOf(number, kinds[number], m.message.GetUser(), texts[m.message.GetText()]))
		case !m.fresh:
			gone = append(gone, id)
		}
	}
	if len(gone) > 0 {
		b.Queue("DELETE FROM found WHERE id = ANY($1)", gone)
	}
	if len(ids) > 0 {
		b.Queue(putTerms, ids, times, terms)
	}
}
