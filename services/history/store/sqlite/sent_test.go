package sqlite

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
)

// TestSentIDsOfOlderProgramsAreFound: they have other digests.
func TestSentIDsOfOlderProgramsAreFound(t *testing.T) {
	s, apply := filled(t, t.TempDir())
	apply(&chatv1.Event{Room: "lobby", Seq: 2, TimeMs: 2, User: "ana", ClientMsgId: "m", Change: &chatv1.Event_Message{Message: &chatv1.Posted{Text: "hi"}}})
	key := room.SentKey{User: "ana", ClientMsgID: "m"}
	sent := func() room.Sent {
		t.Helper()
		found, err := s.Sent(t.Context(), "lobby", []room.SentKey{key, {User: "ana", ClientMsgID: "none"}})
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		return found[key]
	}
	want := sent()
	changed, err := s.write.Exec("UPDATE messages SET sent = ? WHERE sent = ?", scatteredDigest(1, "ana", "m"), sentDigest(1, "ana", "m"))
	if err != nil {
		t.Fatal(err)
	}
	if n, _ := changed.RowsAffected(); n != 1 {
		t.Fatalf("%d messages had the digest", n)
	}
	if got := sent(); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestDigestsStay: those of another program are in the file.
func TestDigestsStay(t *testing.T) {
	if got := sentDigest(3, "ana", "m"); got != 13228491398 {
		t.Errorf("the digest is %d", got)
	}
	if got := scatteredDigest(3, "ana", "m"); got != 8845780398915351533 {
		t.Errorf("the digest of before is %d", got)
	}
}
