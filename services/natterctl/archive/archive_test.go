package archive

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// TestLines: what a line asks for, and what is said of one that asks for
// nothing that can be done.
func TestLines(t *testing.T) {
	it, err := parse([]byte(`{"message":{"room":"r","user":"bo","id":"x","text":"hi","replyTo":"y","data":{"a":1},"time":"2020-01-02T03:04:05.006Z"}}`))
	if err != nil {
		t.Fatal(err)
	}
	e := it.event
	if e.GetName() != "bo" || e.GetClientMsgId() != "x" || e.GetMessage().GetData().AsMap()["a"] != 1.0 || it.replyTo != "y" ||
		!time.UnixMilli(e.GetTimeMs()).Equal(time.Date(2020, 1, 2, 3, 4, 5, 6e6, time.UTC)) {
		t.Errorf("the message became %v", it)
	}
	it, err = parse([]byte(`{"room":{"room":"r","name":"R","kind":"private","user":"ana","time":"2020-01-02T03:04:05Z"}}`))
	if err != nil || it.event.GetCreated().GetKind() != chatv1.RoomKind_PRIVATE || it.event.GetCreated().GetMembers()[0].GetRole() != chatv1.Role_OWNER {
		t.Errorf("the room became %v, %v", it, err)
	}
	if it, err := parse([]byte(`{"natter":{"format":"export","version":1,"room":"r"}}`)); it != nil || err != nil {
		t.Errorf("the header became %v, %v", it, err)
	}
	for wrong, says := range map[string]string{
		`{`:                     "no line of an export",
		`{"what":{}}`:           "unknown field",
		`{}`:                    "one of natter, event",
		`{"event":{"seq":"x"}}`: "event:",
		`{"natter":{"format":"export","version":4}}`:            "version 4",
		`{"natter":{"format":"export","version":1,"user":"u"}}`: "natter.user",
		`{"room":{"room":"r","kind":"OTHER"}}`:                  "room.kind",
		`{"member":{"room":"r","user":"u","role":"KING"}}`:      "member.role",
		`{"member":{"room":"r","user":"u"}}`:                    "member.time",
		`{"member":{"user":"u"}}`:                               "member.room",
		`{"message":{"room":"r","user":"u","text":"x"}}`:        "message.id",
	} {
		if it, err := parse([]byte(wrong)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s became %v, %v; want an error with %q", wrong, it, err, says)
		}
	}
}

// TestAPartIsGoneOnWith: what is not whole is cut, and so is what comes after
// the last event.
func TestAPartIsGoneOnWith(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	whole := `{"natter":{"format":"export","version":1,"user":"ana"}}` + "\n" + `{"event":{"room":"r","seq":7}}` + "\n"
	if err := os.WriteFile(path+".part", []byte(whole+`{"mark":{"room":"r","user":"u","seq":1}}`+"\n"+`{"event":{"roo`), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := openPart(path, partKept)
	if err != nil {
		t.Fatal(err)
	}
	if (p.at != last{User: "ana", Room: "r", Seq: 7}) {
		t.Errorf("it goes on at %+v", p.at)
	}
	if _, err := p.file.WriteString("more\n"); err != nil {
		t.Fatal(err)
	}
	if err := p.finish(path); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != whole+"more\n" {
		t.Errorf("the file is %q, %v", content, err)
	}
	if _, err := openPart(path, partKept); err == nil {
		t.Error("a file that is there was written over")
	}
}

// TestAnOldPartIsBegunAnew: what was erased since would still be in it.
func TestAnOldPartIsBegunAnew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path+".part", []byte(`{"natter":{"format":"export","version":1,"room":"r"}}`+"\n"+`{"event":{"room":"r","seq":7}}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-partKept - time.Minute)
	if err := os.Chtimes(path+".part", old, old); err != nil {
		t.Fatal(err)
	}
	p, err := openPart(path, partKept)
	if err != nil {
		t.Fatal(err)
	}
	defer p.file.Close()
	if content, err := os.ReadFile(path + ".part"); err != nil || len(content) != 0 || !p.at.empty() {
		t.Errorf("it goes on at %+v with %q (%v)", p.at, content, err)
	}
}

// TestABackupIsVerified: no bit of it may be another, and no line may lack.
func TestABackupIsVerified(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text := `{"natter":{"format":"backup","version":1}}` + "\n" + `{"event":{"room":"r","seq":1}}` + "\n" + `{"natter":{"end":true,"format":"backup","version":1}}` + "\n"
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := seal(file); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := verify(strings.NewReader(string(content))); err != nil || size != int64(len(text)) {
		t.Errorf("%d bytes, %v; want %d", size, err, len(text))
	}
	for at := range content {
		other := append([]byte(nil), content...)
		other[at] ^= 1
		if _, err := verify(strings.NewReader(string(other))); err == nil && string(other) != string(content) && at != len(content)-1 {
			t.Errorf("byte %d may be another", at)
		}
		if _, err := verify(strings.NewReader(string(content[:at]))); err == nil {
			t.Errorf("the first %d bytes are enough", at)
		}
	}
}
