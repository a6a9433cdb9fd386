package e2e_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// TestPostOnBehalf: what an admin posts for a user is seen as the user's, and
// refused as it would be of the user; the audit names both.
func TestPostOnBehalf(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		c := newCast(t, d, "PRIVATE")
		moderator := dialAdmin(t, d.History, d.Scoped["moderate"])
		post := func(user, id string) error {
			_, err := moderator.Messages.Post(t.Context(), &historyv1.PostRequest{Room: c.room, User: user, ClientMsgId: id, Text: "for " + user, AsUser: true})
			return err
		}
		if err := post(c.member.user, "on-behalf-1"); err != nil {
			t.Fatal(err)
		}
		seen := c.owner.await("the message", 0, func(f client.Frame) bool {
			return f.Event != nil && f.Event.Message != nil && f.Event.Message.Text == "for "+c.member.user
		})
		if seen.Event.User != c.member.user || seen.Event.Name == "" {
			t.Errorf("the room sees %s", seen)
		}
		if err := post(c.outside.user, "on-behalf-2"); status.Code(err) != codes.NotFound {
			t.Errorf("for who is no member of a private room: %v", err)
		}
		c.owner.ack("mute", M{"room": c.room, "user": c.member.user, "until": time.Now().Add(time.Hour).UTC().Format(time.RFC3339)})
		c.member.refused("send", c.member.message(c.room, "muted"), "FORBIDDEN", "")
		if err := post(c.member.user, "on-behalf-3"); status.Code(err) != codes.PermissionDenied {
			t.Errorf("for who is muted: %v", err)
		}
		if err := post(c.member.user, "on-behalf-1"); err != nil { // again, as the user might
			t.Errorf("again: %v", err)
		}
		c.owner.ack("ban", M{"room": c.room, "user": c.member.user})
		if err := post(c.member.user, "on-behalf-4"); status.Code(err) != codes.NotFound {
			t.Errorf("for who is banned from a private room: %v", err)
		}
		if out, exit := admins(t, d, "message", "post", c.room, "x", "--user", c.member.user, "--as-user"); exit != 1 {
			t.Errorf("natterctl for who is banned: exit %d\n%s", exit, out)
		}
		audit := historyv1.NewAuditClient(dialed(t, d.History, d.Scoped["operate"]))
		natstest.Eventually(t, client.Patience, "the audit names the admin and the user", func() bool {
			list, err := audit.List(t.Context(), &historyv1.AuditListRequest{Who: "only-moderate", User: c.member.user, Method: "Messages/Post", Room: c.room})
			return err == nil && outcomes(list.GetRecords()) == (tally{granted: 2, refused: 2})
		})
	})
}

// tally is how often calls were granted and refused.
type tally struct{ granted, refused int }

func outcomes(records []*accessv1.AuditRecord) (all tally) {
	for _, r := range records {
		if r.GetCode() == "OK" {
			all.granted++
		} else {
			all.refused++
		}
	}
	return all
}
