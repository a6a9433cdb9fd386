package e2e_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/reference"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// held is what a client shows of a room: it heeds what the events take away.
func (s *session) held(room string) []uint32 {
	s.t.Helper()
	var seqs []uint32
	for _, e := range s.Events(room, 0) {
		if e.Message != nil {
			seqs = append(seqs, e.Seq)
		}
		if e.Trimmed != nil {
			seqs = slices.DeleteFunc(seqs, func(seq uint32) bool { return seq < e.Trimmed.Before })
		}
	}
	return seqs
}

// pageOf are the seqs of a room's newest messages.
func (s *session) pageOf(room string) []uint32 {
	s.t.Helper()
	var seqs []uint32
	for _, m := range s.page(M{"room": room, "limit": uint32(100)}).Messages {
		seqs = append(seqs, m.Seq)
	}
	return seqs
}

// TestARoomKeepsItsLastMessages: of 30 messages in a room that keeps 10, all who
// look see the same 10, whether they were there or come later; and nobody finds
// the others, by any question.
func TestARoomKeepsItsLastMessages(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana, bo := enter(t, d, 0, unique(t, "ana")), enter(t, d, 1, unique(t, "bo"))
		room := ana.create(unique(t, "room"), nil).Room
		bo.view("join", M{"room": room})
		set := mustNatterctl(t, d, "rooms", "retention", room, "--count", "10", "--yes") // 3
		if !strings.Contains(set, "10 messages (the room's own)") {
			t.Errorf("natterctl says\n%s", set)
		}
		word := "pterodactyl" + strings.ReplaceAll(d.Shape, "-", "")
		for n := range 30 {
			ana.send(room, fmt.Sprintf("%s %d", word, n))
		}
		for _, s := range []*session{ana, bo} {
			natstest.Eventually(t, client.Patience, s.user+" holds 10 messages, and the server no others", func() bool {
				held := s.held(room)
				return len(held) == 10 && fmt.Sprint(held) == fmt.Sprint(s.pageOf(room))
			})
		}
		held := ana.held(room)
		first := held[0]
		if fmt.Sprint(held) != fmt.Sprint(bo.held(room)) {
			t.Errorf("ana holds %v, bo %v", held, bo.held(room))
		}
		for _, where := range []M{{"around": uint32(5)}, {"before": uint32(99)}, {"after": uint32(1)}} {
			where["room"], where["limit"] = room, uint32(50)
			page := ana.page(where)
			if page.HasBefore || len(page.Messages) == 0 || page.Messages[0].Seq != first {
				t.Errorf("a page %v: %+v", where, page)
			}
		}
		for _, change := range []struct {
			kind string
			body M
		}{{"edit", M{"text": "x"}}, {"delete", M{}}, {"react", M{"emoji": "👍"}}} {
			change.body["room"], change.body["seq"] = room, first-1
			ana.refused(change.kind, change.body, "GONE", "seq")
		}
		answer := ana.message(room, "an answer")
		answer["replyTo"] = uint32(4)
		ana.refused("send", answer, "GONE", "replyTo")
		if found := ana.finds(room, word); strings.Count(found, " ")+1 != 10 {
			t.Errorf("a search finds %s", found)
		}

		cy := enter(t, d, 1, unique(t, "cy"))
		if v := cy.view("watch", M{"room": room}); v.Since < 5 || v.Since > first || v.Last == nil || v.Last.Seq != held[9] {
			t.Errorf("a newcomer is told %+v", v)
		}
		if got := cy.pageOf(room); fmt.Sprint(got) != fmt.Sprint(held) {
			t.Errorf("a newcomer sees %v, the others %v", got, held)
		}
		since := cy.live(room).Since
		back := enterWith(t, d, 0, bo.user, M{"epoch": bo.Epoch(), "resume": []M{{"room": room, "seq": uint32(4)}}})
		if v := back.live(room); v.Resume != "TRUNCATED" || v.Since != since || v.Unread != 10 {
			t.Errorf("who was away since the trimmed messages is told %+v", v)
		}
		back = enterWith(t, d, 1, bo.user, M{"epoch": bo.Epoch(), "resume": []M{{"room": room, "seq": first}}})
		v := back.live(room)
		back.reach(room, v.Head)
		if v.Resume != "COMPLETE" || fmt.Sprint(back.held(room)) != fmt.Sprint(held[1:]) {
			t.Errorf("who was away since one that is kept is told %+v, and holds %v", v, back.held(room))
		}

		history := operator(t, d)
		log, err := history.Log(t.Context(), room, v.Head)
		if err != nil || strings.Contains(fmt.Sprint(log[:first-1]), word) {
			t.Errorf("the log: %v, %v", log, err)
		}
		if told := mustNatterctl(t, d, "rooms", "get", room); !strings.Contains(told, "10 messages (the room's own)") || !strings.Contains(told, fmt.Sprint("messages since     ", since)) {
			t.Errorf("natterctl says\n%s", told)
		}
		file := filepath.Join(t.TempDir(), "export")
		mustNatterctl(t, d, "export", "room", room, file)
		if lines := string(read(t, file)); strings.Count(lines, word) != 10 || !strings.Contains(lines, `"skipped":`) {
			t.Errorf("the export:\n%s", lines)
		}
	})
}

// TestOnlyAdminsSetARetention: nobody else has a room lose its messages.
func TestOnlyAdminsSetARetention(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		ana := enter(t, d, 0, unique(t, "ana"))
		room := ana.create(unique(t, "room"), nil).Room
		gateway, err := admin.Dial(d.History, d.ServiceToken)
		if err != nil {
			t.Fatal(err)
		}
		defer gateway.Close()
		_, err = gateway.Rooms.SetRetention(rpc.AsUser(t.Context(), ana.user), &historyv1.SetRetentionRequest{Room: room, Retention: &chatv1.Retention{Count: 1}})
		if status.Code(err) != codes.PermissionDenied {
			t.Errorf("an owner sets it: %v", err)
		}
		_, err = operator(t, d).Rooms.SetRetention(t.Context(), &historyv1.SetRetentionRequest{Room: unique(t, "nowhere")})
		if rpc.RefusalOf(err).GetCode() != chatv1.ErrorCode_NOT_FOUND {
			t.Errorf("of a room that is not there: %v", err)
		}
	})
}

// keep has an admin say how many messages a room keeps: "keep <room> <count>".
func (p *play) keep(step reference.Step) {
	p.t.Helper()
	var room string
	var count uint32
	if _, err := fmt.Sscanf(step.Text, "keep %s %d", &room, &count); err != nil {
		p.t.Fatalf("line %d: %v", step.Line, err)
	}
	if _, err := operator(p.t, p.d).Rooms.SetRetention(p.t.Context(), &historyv1.SetRetentionRequest{Room: room, Retention: &chatv1.Retention{Count: count}}); err != nil {
		p.t.Fatalf("line %d: %v", step.Line, err)
	}
}
