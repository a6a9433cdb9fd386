package natterctl

import (
	"regexp"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

func TestMessagesList(t *testing.T) {
	at := &timestamppb.Timestamp{Seconds: 1e9}
	f := &fixture{messages: []*chatv1.Message{
		{Seq: 2, User: "ana", Time: at, Text: "hello\nworld"},
		{Seq: 3, User: "ben", Time: at, Deleted: true},
		{Seq: 4, User: "ben", Time: at, Text: "right", EditedAt: at},
	}}
	f.serve(t)
	natterctl(t, "messages", "list", "lobby", "--before", "9", "--limit", "3").want(t, 0, strings.TrimLeft(`
SEQ  TIME                  USER  TEXT
2    2001-09-09 01:46:40Z  ana   hello world
3    2001-09-09 01:46:40Z  ben   (deleted)
4    2001-09-09 01:46:40Z  ben   right (edited)
`, "\n"), "There are older ones: --before 2\n")
	if r := f.listed; r.Room != "lobby" || r.GetBefore() != 9 || r.After != nil || r.Limit != 3 {
		t.Errorf("asked for %v", r)
	}
	r := natterctl(t, "messages", "list", "lobby", "--output", "json")
	if r.exit != 0 || !strings.Contains(r.stdout, `"hasBefore":`) || !strings.Contains(r.stdout, `hello\nworld`) {
		t.Errorf("printed:\n%s%s", r.stdout, r.stderr)
	}
}

func TestMessagesSearch(t *testing.T) {
	at := &timestamppb.Timestamp{Seconds: 1e9}
	f := &fixture{hits: []*historyv1.Hit{
		{Room: "lobby", Message: &chatv1.Message{Seq: 7, User: "ana", Time: at, Text: "a long text"}, Snippet: &historyv1.Snippet{Text: "long\x1b[31m"}},
		{Room: "news", Message: &chatv1.Message{Seq: 4, User: "ben", Time: at}, Snippet: &historyv1.Snippet{Text: "longer"}},
	}}
	f.serve(t)
	natterctl(t, "messages", "search", "long*", "--room", "lobby", "--from", "ana", "--before", "2027-01-02T15:04:05Z", "--after", "2026-01-02T15:04:05+01:00", "--limit", "2").want(t, 0, strings.TrimLeft(`
ROOM   SEQ  TIME                  USER  TEXT
lobby  7    2001-09-09 01:46:40Z  ana   long\x1b[31m
news   4    2001-09-09 01:46:40Z  ben   longer
`, "\n"), "There is more: repeat with --cursor \"next\"\n")
	if r := f.searched; r.Query != "long*" || r.Room != "lobby" || r.From != "ana" || r.Limit != 2 || r.Before.GetSeconds() != 1798902245 || r.After.GetSeconds() != 1767362645 {
		t.Errorf("asked for %v", r)
	}
	if r := natterctl(t, "messages", "search", "x", "--before", "yesterday"); r.exit != 2 || f.searched.Query != "long*" {
		t.Errorf("a time that is none: exit %d, %s", r.exit, r.stderr)
	}
}

func TestMessagesPost(t *testing.T) {
	f := &fixture{}
	f.serve(t)
	natterctl(t, "messages", "post", "lobby", "hello", "--user", "bot", "--name", "Bot", "--id", "x-1", "--data", `{"color": "red"}`).want(t, 0, strings.TrimLeft(`
SEQ  DUPLICATE  DURABILITY  ID
7    no         DISK        x-1
`, "\n"), "")
	if p := f.posted; p.Room != "lobby" || p.User != "bot" || p.Name != "Bot" || p.ClientMsgId != "x-1" || p.Text != "hello" || p.Data.AsMap()["color"] != "red" {
		t.Errorf("posted %v", p)
	}
	if r := natterctlReading(t, "two\nlines\n", "messages", "post", "lobby", "-", "--user", "bot"); r.exit != 0 || f.posted.Text != "two\nlines" || len(f.posted.ClientMsgId) < 20 {
		t.Errorf("posted %v, %s", f.posted, r.stderr)
	}
	natterctl(t, "messages", "post", "lobby", "hello", "--user", "bot", "--data", "[1]").want(t, 2, "",
		"natterctl: --data is not a JSON object\nNext: give one such as --data '{\"color\": \"red\"}'.\n")
}

func TestMessagesPostThatMayBeStored(t *testing.T) {
	f := &fixture{hang: true}
	f.serve(t)
	r := natterctl(t, "messages", "post", "lobby", "hello", "--user", "bot", "--timeout", "200ms")
	wanted := regexp.MustCompile(`^natterctl: UNAVAILABLE: no answer from 127\.0\.0\.1:\d+ in time\nNext: it may have been stored\. Repeat with --id [A-Z2-7]+: then it is stored once\.\n$`)
	if r.exit != 3 || !wanted.MatchString(r.stderr) {
		t.Errorf("exit %d:\n%s", r.exit, r.stderr)
	}
}

func TestMessagesEvents(t *testing.T) {
	f := &fixture{events: []*chatv1.Event{
		{Seq: 1, TimeMs: 1e12, User: "ana", Change: &chatv1.Event_Created{Created: &chatv1.Created{Name: "Lobby"}}},
		{Seq: 2, TimeMs: 1e12, User: "ben", Change: &chatv1.Event_Left{Left: &chatv1.Left{}}},
		{Seq: 3, TimeMs: 1e12, User: "ben"},
	}}
	f.serve(t)
	r := natterctl(t, "messages", "events", "lobby", "--limit", "3")
	// The spaces of the JSON form are random on purpose, by its makers.
	r.stdout = strings.ReplaceAll(r.stdout, `: "`, `:"`)
	r.want(t, 0, strings.TrimLeft(`
SEQ  TIME                  USER  EVENT    DETAILS
1    2001-09-09 01:46:40Z  ana   created  {"name":"Lobby"}
2    2001-09-09 01:46:40Z  ben   left     -
3    2001-09-09 01:46:40Z  ben   unknown  -
`, "\n"), "There may be more: repeat with --after 3\n")
}
