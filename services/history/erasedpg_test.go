//go:build e2e

package history

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/pgtest"
)

// TestErasedOnPostgres: an erased user's words are in no answer, no export and no
// backup, and when PostgreSQL has rewritten its tables, in none of its files but
// its own log.
func TestErasedOnPostgres(t *testing.T) {
	const secret, user = "quetzalcoatlus", "zoe-4711"
	db, server := pgtest.For(t), natstest.Start(t)
	url, err := db.Database()
	if err != nil {
		t.Fatal(err)
	}
	h := launchWith(t, server, onPostgres(url))
	h.ready()
	for _, id := range []string{"one", "two"} {
		h.must(create("c"+id, id, "ana"))
		h.must(join("j"+id, id, user))
		h.must(send("a"+id, id, "ana", message("a"+id, "what ana said", 1)))
		h.must(send("s"+id, id, user, message("s"+id, "I have seen a "+secret, 1)))
		h.must(&chatv1.Command{Id: "e" + id, Actor: by(user), Room: id, Change: &chatv1.Command_Edit{Edit: &chatv1.Edit{Seq: 4, Text: "Two of " + secret}}})
		h.must(&chatv1.Command{Id: "r" + id, Actor: by(user), Room: id, Change: &chatv1.Command_React{React: &chatv1.React{Seq: 3, Emoji: "🦖"}}})
	}
	if err := h.store.KeepSeen(t.Context(), []*chatv1.Seen{{User: user, TimeMs: time.Now().UnixMilli()}}); err != nil {
		t.Fatal(err)
	}
	conn := h.grpc(usersAdminToken)
	messages, users, archive := historyv1.NewMessagesClient(conn), historyv1.NewUsersClient(conn), historyv1.NewStoreClient(conn)
	revoked, err := users.Revoke(t.Context(), &historyv1.RevokeRequest{User: user})
	if err != nil {
		t.Fatal(err)
	}
	natstest.Eventually(t, time.Minute, "it is found before", func() bool {
		found, err := messages.Search(t.Context(), &historyv1.SearchRequest{Query: secret, Limit: 10})
		return err == nil && len(found.GetHits()) == 2
	})
	inFiles := func(what string) []string { return databaseFiles(t, db.Dir(), what) }
	if err := db.Run(url, "CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	if len(inFiles(secret)) == 0 {
		t.Fatal("no file has it before the erasure: this test shows nothing")
	}

	erasing, err := users.Erase(t.Context(), &historyv1.EraseRequest{User: user})
	for err == nil {
		_, err = erasing.Recv()
	}
	if err != io.EOF {
		t.Fatal(err)
	}
	for _, id := range []string{"one", "two"} {
		told := strings.Builder{}
		events, err := messages.Events(t.Context(), &historyv1.EventsRequest{Room: id})
		if err != nil {
			t.Fatal(err)
		}
		page, err := messages.List(t.Context(), &historyv1.MessagesListRequest{Room: id, Limit: 100})
		if err != nil {
			t.Fatal(err)
		}
		told.WriteString(events.String() + page.String())
		for _, e := range h.events(id, 0) {
			if e.GetErased() == nil { // it tells gateways whom to forget
				told.WriteString(e.String())
			}
		}
		export, err := messages.Export(t.Context(), &historyv1.MessagesExportRequest{Room: id})
		if err != nil {
			t.Fatal(err)
		}
		pour(t, &told, func() ([]byte, error) { piece, err := export.Recv(); return piece.GetLines(), err })
		if strings.Contains(told.String(), secret) || strings.Contains(told.String(), user) || !strings.Contains(told.String(), "what ana said") {
			t.Errorf("of room %s is told %s", id, told.String())
		}
	}
	if found, err := messages.Search(t.Context(), &historyv1.SearchRequest{Query: secret, Limit: 10}); err != nil || len(found.GetHits()) > 0 {
		t.Errorf("a search finds %v, %v", found, err)
	}
	if seen, err := h.store.Seen(t.Context(), []string{user}); err != nil || len(seen) > 0 {
		t.Errorf("last seen: %v, %v", seen, err)
	}
	backup, err := archive.Backup(t.Context(), &historyv1.BackupRequest{})
	if err != nil {
		t.Fatal(err)
	}
	var file strings.Builder
	pour(t, &file, func() ([]byte, error) { piece, err := backup.Recv(); return piece.GetLines(), err })
	if text := strings.ReplaceAll(file.String(), `{"revoked":{"user":"`+user, ""); strings.Contains(text, secret) || strings.Contains(text, user) || !strings.Contains(text, "what ana said") {
		t.Errorf("the backup has %s", text)
	}
	if got := h.revokedBefore(user); got != revoked.GetBefore().AsTime().UnixMilli() {
		t.Errorf("the erased user's tokens are void before %d, want %d: they live again", got, revoked.GetBefore().AsTime().UnixMilli())
	}

	// Statistics have common words and ids; a table that is rewritten keeps its old
	// file until the checkpoint.
	for _, sql := range []string{"ANALYZE", "VACUUM FULL", "CHECKPOINT"} {
		if err := db.Run(url, sql); err != nil {
			t.Fatal(err)
		}
	}
	for _, what := range []string{secret, user} {
		if files := inFiles(what); len(files) > 0 {
			t.Errorf("%q is in %q", what, files)
		}
	}
}

func pour(t *testing.T, into *strings.Builder, receive func() ([]byte, error)) {
	t.Helper()
	for {
		piece, err := receive()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		into.Write(piece)
	}
}

// databaseFiles are the files of a PostgreSQL server that have some bytes, without
// its write-ahead log. Files may go while it runs.
func databaseFiles(t *testing.T, dir, what string) []string {
	t.Helper()
	var have []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err):
			return nil
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "pg_wal":
			return filepath.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, []byte(what)) {
			have = append(have, path)
		}
		if os.IsNotExist(err) {
			return nil
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return have
}
