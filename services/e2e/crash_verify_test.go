package e2e_test

import (
	"context"

	"github.com/natter-chat/natter/services/e2e/harness/admin"
	"github.com/natter-chat/natter/services/e2e/harness/load"
)

// stored is a message of the room's log.
type stored struct{ user, id, text string }

// verify holds every promise that was made against what is there.
func (r *crashRun) verify() {
	r.t.Helper()
	reader := enter(r.t, r.d, 0, "owner")
	head := reader.view("watch", M{"room": r.room}).Head
	log := r.log(head)
	sent, again, connections, claimed := 0, 0, 0, map[string]int{}
	for _, s := range r.senders {
		r.verifySender(s, log)
		sent += len(s.Shots)
		connections += s.Connections
		for _, shot := range s.Shots {
			again += shot.Attempts - 1
			claimed[shot.Ack.Durability]++
		}
	}
	if len(log) != sent {
		r.t.Errorf("%d messages are in the room, %d were sent and acked", len(log), sent)
	}
	for i, o := range r.observers {
		seen := o.Seen()
		for seq, m := range log {
			if seen[seq] != m.id {
				r.t.Fatalf("observer %d saw %q at seq %d, where %q is stored", i, seen[seq], seq, m.id)
			}
		}
		if len(seen) != len(log) {
			r.t.Errorf("observer %d saw %d messages of %d", i, len(seen), len(log))
		}
	}
	r.verifyPages(reader, log)
	if claimed["DISK"]+claimed["QUORUM"]+claimed["OS"] != sent {
		r.t.Errorf("the acks claim %v", claimed)
	}
	resumes := map[string]int{}
	for _, o := range r.observers {
		for how, n := range o.Resumes {
			resumes[how] += n
		}
	}
	r.t.Logf("%s: %d messages %v, sent again %d times over %d connections; observers resumed %v", r.room, sent, claimed, again, connections, resumes)
}

// log is every message that is stored, by seq; each id once.
func (r *crashRun) log(head uint32) map[uint32]stored {
	r.t.Helper()
	history, err := admin.Dial(r.d.History, r.d.AdminToken)
	if err != nil {
		r.t.Fatal(err)
	}
	defer history.Close()
	ctx, cancel := context.WithTimeout(r.t.Context(), recovery)
	defer cancel()
	events, err := history.Log(ctx, r.room, head)
	if err != nil {
		r.t.Fatal(err)
	}
	log, twice := map[uint32]stored{}, map[string]uint32{}
	for _, e := range events {
		if e.GetMessage() == nil {
			continue
		}
		if first, there := twice[e.GetClientMsgId()]; there {
			r.t.Errorf("%s is stored twice, at %d and %d", e.GetClientMsgId(), first, e.GetSeq())
		}
		twice[e.GetClientMsgId()] = e.GetSeq()
		log[e.GetSeq()] = stored{e.GetUser(), e.GetClientMsgId(), e.GetMessage().GetText()}
	}
	return log
}

func (r *crashRun) verifySender(s *load.Sender, log map[uint32]stored) {
	r.t.Helper()
	before := uint32(0)
	for _, shot := range s.Shots {
		if got, want := log[shot.Ack.Seq], (stored{s.Name, shot.ID, shot.Text}); got != want {
			r.t.Errorf("%s was acked with seq %d, where %+v is stored", shot.ID, shot.Ack.Seq, got)
		}
		if shot.Ack.Seq <= before && !s.Unordered {
			r.t.Errorf("%s has seq %d, and the one sent before it %d", shot.ID, shot.Ack.Seq, before)
		}
		before = shot.Ack.Seq
	}
}

// verifyPages reads the room as a client does.
func (r *crashRun) verifyPages(reader *session, log map[uint32]stored) {
	r.t.Helper()
	count := 0
	for after, more := uint32(0), true; more; {
		page := reader.page(M{"room": r.room, "after": after, "limit": 100})
		for _, m := range page.Messages {
			if got := (stored{m.User, m.ClientMsgID, m.Text}); got != log[m.Seq] {
				r.t.Errorf("a page has %+v at seq %d, where %+v is stored", got, m.Seq, log[m.Seq])
			}
			after = m.Seq
			count++
		}
		more = page.HasAfter
	}
	if count != len(log) {
		r.t.Errorf("the pages have %d messages of %d", count, len(log))
	}
}
