package e2e_test

import (
	"context"
	"fmt"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
)

// TestConcurrentSenders: eight write into one room over all gateways, and
// everybody sees one history.
func TestConcurrentSenders(t *testing.T) {
	everywhere(t, func(t *testing.T, d *shape.Deployment) {
		const senders, each = 8, 40
		owner := enter(t, d, 0, unique(t, "owner"))
		room := owner.create(unique(t, "room"), nil).Room
		sessions := []*session{owner, enter(t, d, 1, owner.user)}
		for i := range senders {
			s := enter(t, d, i, unique(t, fmt.Sprint("sender-", i)))
			s.view("join", M{"room": room})
			sessions = append(sessions, s)
		}
		sessions[1].live(room)
		acks := make([]map[string]*client.Ack, senders)
		var group errgroup.Group
		for i, s := range sessions[2:] {
			group.Go(func() (err error) {
				acks[i], err = sendMany(t.Context(), s, room, each)
				return err
			})
		}
		if err := group.Wait(); err != nil {
			t.Fatal(err)
		}
		const head = 1 + senders + senders*each
		byID := map[string]*client.Ack{}
		for _, own := range acks {
			for id, ack := range own {
				if ack.Durability != "DISK" || ack.Duplicate {
					t.Errorf("%s was acked with %+v", id, ack)
				}
				byID[id] = ack
			}
		}
		for _, s := range sessions {
			s.reach(room, head)
			agree(t, s.user, s.Events(room, 0), byID)
		}
		agreeStored(t, d, room, head, byID)
	})
}

// sendMany sends one message after another.
func sendMany(ctx context.Context, s *session, room string, count int) (map[string]*client.Ack, error) {
	acks := map[string]*client.Ack{}
	for i := range count {
		body := s.message(room, fmt.Sprintf("%d of %s", i, s.user))
		reply, err := s.Do(ctx, "send", body)
		if err != nil {
			return nil, err
		}
		if reply.Ack == nil {
			return nil, fmt.Errorf("%s: send %d was answered with %s", s.user, i, reply)
		}
		acks[body["clientMsgId"].(string)] = reply.Ack
	}
	return acks, nil
}

// agree holds the messages that somebody saw against the acks; that their
// seqs have no hole is the client's business.
func agree(t *testing.T, who string, events []*client.Event, acks map[string]*client.Ack) {
	t.Helper()
	seen := 0
	for _, event := range events {
		if event.Message == nil {
			continue
		}
		seen++
		if ack := acks[event.ClientMsgID]; ack == nil || ack.Seq != event.Seq || !ack.Time.Equal(event.Time) {
			t.Errorf("%s sees %s at %d (%s); it was acked as %+v", who, event.ClientMsgID, event.Seq, event.Time, ack)
		}
	}
	if seen != len(acks) {
		t.Errorf("%s saw %d messages of %d", who, seen, len(acks))
	}
}

// agreeStored holds the stored log against the acks.
func agreeStored(t *testing.T, d *shape.Deployment, room string, head uint32, acks map[string]*client.Ack) {
	t.Helper()
	history, err := admin.Dial(d.History, d.AdminToken)
	if err != nil {
		t.Fatal(err)
	}
	defer history.Close()
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	defer cancel()
	events, err := history.Log(ctx, room, head)
	if err != nil {
		t.Fatal(err)
	}
	stored := 0
	for _, event := range events {
		if event.GetMessage() == nil {
			continue
		}
		stored++
		if ack := acks[event.GetClientMsgId()]; ack == nil || ack.Seq != event.GetSeq() || ack.Time.UnixMilli() != event.GetTimeMs() {
			t.Errorf("%s is stored at %d, and was acked as %+v", event.GetClientMsgId(), event.GetSeq(), ack)
		}
	}
	if stored != len(acks) {
		t.Errorf("%d messages are stored, %d were acked", stored, len(acks))
	}
}
