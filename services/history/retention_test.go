package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/natstest"
)

// hands is a clock that is set by hand.
type hands struct{ ms atomic.Int64 }

func (h *hands) now() time.Time { return time.UnixMilli(h.ms.Load()) }

// sweeping has a service look for what is due all the time, by a clock.
func sweeping(now func() time.Time, change ...func(*Service)) func(*Service) {
	return func(s *Service) {
		s.sweeps = sweepTimes{every: 5 * time.Millisecond, allEvery: 50 * time.Millisecond, pause: time.Millisecond, atOnce: 50, now: now}
		for _, do := range change {
			do(s)
		}
	}
}

// keep sets a room's retention as an admin.
func (r *running) keep(room string, of *chatv1.Retention) {
	r.t.Helper()
	_, err := r.Service.do(r.t.Context(), &chatv1.Command{Actor: creator(""), Room: room, Change: &chatv1.Command_SetRetention{SetRetention: &chatv1.SetRetention{Retention: of}}})
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *running) viewed(room, user string, after *uint32) *chatv1.View {
	r.t.Helper()
	return r.ask(room, &chatv1.Ask{Question: &chatv1.Ask_Views{Views: &chatv1.AskViews{User: user, Rooms: []*chatv1.RoomPosition{{Room: room, After: after}}}}}).GetViews().GetViews()[0]
}

// kept are the seqs of the messages that the store has.
func (r *running) kept(room string) []uint32 {
	r.t.Helper()
	var seqs []uint32
	page, err := r.store.Messages(r.t.Context(), store.Query{Room: room, Limit: 100})
	if err != nil {
		r.t.Fatal(err)
	}
	for _, m := range page.Messages {
		seqs = append(seqs, m.GetSeq())
	}
	return seqs
}

func (r *running) keeps(room string, want ...uint32) {
	r.t.Helper()
	natstest.Eventually(r.t, 60*time.Second, fmt.Sprintf("%s keeps %v", room, want), func() bool { return fmt.Sprint(r.kept(room)) == fmt.Sprint(want) })
}

func seqs(from, to uint32) []uint32 {
	var list []uint32
	for seq := from; seq <= to; seq++ {
		list = append(list, seq)
	}
	return list
}

// TestARoomKeepsSoManyMessages: of what is over the number nothing is left, in
// no answer and in no file, and a client goes on with what is.
func TestARoomKeepsSoManyMessages(t *testing.T) {
	const secret = "the oldest words of this room"
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir, sweeping(time.Now))
	h.must(create("c", "lobby", "ana"))
	h.must(join("j", "lobby", "bo"))
	h.must(send("first", "lobby", "ana", message("first", secret, 1))) // 3
	h.must(edit("e", "lobby", "ana", 3, "another form of "+secret))
	h.keep("lobby", &chatv1.Retention{Count: 10}) // 5
	for n := range 9 {
		h.must(send(fmt.Sprint(n), "lobby", "ana", message(fmt.Sprint(n), "hello", 1))) // 6 to 14
	}
	h.keeps("lobby", append([]uint32{3}, seqs(6, 14)...)...)
	for n := range 2 {
		h.must(send(fmt.Sprint("m", n), "lobby", "ana", message(fmt.Sprint("m", n), "hello <@bo>", 1)))
	}
	natstest.Eventually(t, 60*time.Second, "10 messages are kept", func() bool {
		return len(h.kept("lobby")) == 10 && h.viewed("lobby", "bo", nil).GetView().GetSince() > 6
	})

	check := func(when string) {
		t.Helper()
		v := h.viewed("lobby", "bo", nil).GetView()
		if v.GetUnread() != 10 || v.GetMentions() != 2 || v.GetLast().GetText() != "hello <@bo>" || v.GetReadSeq() != 2 {
			t.Errorf("%s the view is %v", when, v)
		}
		for after, want := range map[uint32]chatv1.Resume{0: chatv1.Resume_TRUNCATED, v.GetSince() - 2: chatv1.Resume_TRUNCATED, v.GetSince() - 1: chatv1.Resume_COMPLETE, v.GetHead(): chatv1.Resume_COMPLETE, v.GetHead() + 1: chatv1.Resume_RESET} {
			got := h.viewed("lobby", "bo", &after)
			if got.GetView().GetResume() != want || want == chatv1.Resume_COMPLETE && len(got.GetEvents()) != int(v.GetHead()-after) {
				t.Errorf("%s a resume after %d of %d: %v with %d events, want %v", when, after, v.GetHead(), got.GetView().GetResume(), len(got.GetEvents()), want)
			}
		}
		all := h.events("lobby", 0)
		if len(all) != int(v.GetHead()) {
			t.Errorf("%s there are %d events up to %d", when, len(all), v.GetHead())
		}
		for i, e := range all {
			if e.GetSeq() != uint32(i+1) || strings.Contains(e.String(), secret) || e.GetMessage() != nil && e.GetSeq() < v.GetSince() {
				t.Errorf("%s event %d is %v", when, i+1, e)
			}
		}
		if got := h.do(edit(when, "lobby", "ana", 3, "x")).GetResults()[0].GetRefusal().GetCode(); got != chatv1.ErrorCode_GONE {
			t.Errorf("%s an edit of a trimmed message: %v", when, got)
		}
	}
	check("at once")
	if err := h.store.Tidy(t.Context()); err != nil {
		t.Error(err)
	}
	if filesHave(t, dir, secret) {
		t.Error("the text is in the store's files")
	}
	h.stop()
	h = start(t, server, dir, sweeping(time.Now))
	check("after a restart")
	isFold(t, server, h.partitions, h.store)
}

// TestMessagesGrowTooOld: by the server's retention, but where a room has its
// own; also in rooms in which nothing happens.
func TestMessagesGrowTooOld(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	clock := &hands{}
	clock.ms.Store(time.Now().UnixMilli())
	cfg := testConfig(dir)
	cfg.RetentionAge = time.Hour
	h := launchWith(t, server, cfg, sweeping(clock.now))
	h.ready()
	for _, room := range []string{"lobby", "for-ever", "longer", "few"} {
		h.must(create(room, room, "ana"))
		for n := range 3 {
			h.must(send(fmt.Sprint(room, n), room, "ana", message(fmt.Sprint(n), "hello", 1))) // 2 to 4
		}
	}
	h.keep("for-ever", &chatv1.Retention{})
	h.keep("longer", &chatv1.Retention{AgeSeconds: 3 * 3600})
	h.keep("few", &chatv1.Retention{Count: 2})
	h.keeps("few", 3, 4)
	clock.ms.Add(59 * 60_000)
	h.must(send("more", "lobby", "ana", message("more", "hello", 1)))
	h.keeps("lobby", 2, 3, 4, 5)
	clock.ms.Add(10 * 60_000)
	h.keeps("lobby")
	if v := h.viewed("lobby", "ana", nil).GetView(); v.GetLast() != nil || v.GetSince() != 6 || v.GetUnread() != 0 {
		t.Errorf("an empty room: %v", v)
	}
	h.keeps("longer", 2, 3, 4)
	clock.ms.Add(3 * 60 * 60_000)
	h.keeps("longer")
	h.keeps("for-ever", 2, 3, 4)
	h.keeps("few", 3, 4)
	h.keep("for-ever", nil) // as the server says
	h.keeps("for-ever")
	isFold(t, server, h.partitions, h.store)
}

// TestALargeTrimGoesOnAtTheNextOwner: it is done in parts beside sends, and what
// one owner leaves another does, each part once.
func TestALargeTrimGoesOnAtTheNextOwner(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	never := func(s *Service) { s.sweeps.every = time.Hour }
	h := start(t, server, dir, sweeping(time.Now, never))
	h.must(create("c", "lobby", "ana"))
	h.sendMany("lobby", "old", 4*50)
	h.keep("lobby", &chatv1.Retention{Count: 5})
	h.stop()

	// Parts come slowly here, so that the owner ends in the middle.
	h = start(t, server, dir, sweeping(time.Now, func(s *Service) { s.sweeps.pause = time.Hour }))
	natstest.Eventually(t, 60*time.Second, "a part is trimmed", func() bool { return h.viewed("lobby", "ana", nil).GetView().GetSince() > 0 })
	if since := h.viewed("lobby", "ana", nil).GetView().GetSince(); since != 50+2 {
		t.Errorf("the first part ends before %d", since)
	}
	h.stop()

	h = start(t, server, dir, sweeping(time.Now))
	h.must(create("o", "other", "ana"))
	ctx, cancel := context.WithCancel(t.Context())
	var beside sync.WaitGroup
	sent := 0
	beside.Go(func() {
		for sent == 0 || ctx.Err() == nil {
			h.must(send(fmt.Sprint("new", sent), "other", "ana", message(fmt.Sprint("new", sent), "hello", 1)))
			sent++
		}
	})
	natstest.Eventually(t, 60*time.Second, "the rest is trimmed", func() bool { return len(h.kept("lobby")) == 5 })
	cancel()
	beside.Wait()
	trims, last := 0, uint32(0)
	for _, e := range h.events("lobby", 4*50) {
		if e.GetTrimmed() != nil {
			if trims++; e.GetTrimmed().GetBefore() <= last {
				t.Errorf("trimmed before %d, and then before %d", last, e.GetTrimmed().GetBefore())
			}
			last = e.GetTrimmed().GetBefore()
		}
	}
	if trims != 4 {
		t.Errorf("%d trims, and %d messages were sent meanwhile", trims, sent)
	}
	isFold(t, server, h.partitions, h.store)
}

// TestATrimmedRoomIsExportedAndImported: it is the same room elsewhere, with its
// seqs, and what was trimmed stays so.
func TestATrimmedRoomIsExportedAndImported(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir(), sweeping(time.Now))
	h.must(create("c", "lobby", "ana"))
	root := uint32(2)
	h.must(send("s", "lobby", "ana", message("root", "the root", 1)))
	h.must(join("j", "lobby", "bo")) // 3
	for n := range 5 {
		h.must(send(fmt.Sprint(n), "lobby", "bo", &chatv1.Send{ClientMsgId: fmt.Sprint(n), Text: "hello", Thread: &root, ReplyTo: &root, Attempt: 1})) // 4 to 8
	}
	h.must(edit("e", "lobby", "ana", 2, "the root, edited")) // 9
	h.keep("lobby", &chatv1.Retention{Count: 3})             // 10
	h.keeps("lobby", 6, 7, 8)
	want, _, err := h.store.Info(t.Context(), "lobby", "")
	if err != nil {
		t.Fatal(err)
	}
	var events []*chatv1.Event
	lines := &exportLines{send: func(piece []byte) error {
		for line := range strings.Lines(string(piece)) {
			e := &chatv1.Event{}
			if err := protojson.Unmarshal([]byte(strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), `{"event":`), "}")), e); err != nil {
				return err
			}
			events = append(events, e)
		}
		return nil
	}}
	if err := errors.Join(h.exportEvents(t.Context(), lines, "lobby", 0, want.GetHead()), lines.flush()); err != nil {
		t.Fatal(err)
	}
	to := start(t, natstest.Start(t), t.TempDir(), sweeping(time.Now))
	for range 2 { // the second time it is there
		reply, err := to.Service.do(t.Context(), &chatv1.Command{Actor: creator(""), Room: "lobby", Change: &chatv1.Command_Import{Import: &chatv1.Import{Events: events}}})
		if err != nil {
			t.Fatal(err)
		}
		for i, result := range reply.GetResults() {
			if result.GetRefusal() != nil {
				t.Errorf("%v is refused: %v", events[i], result.GetRefusal())
			}
		}
	}
	to.keeps("lobby", 6, 7, 8)
	got, _, err := to.store.Info(t.Context(), "lobby", "")
	if err != nil || !proto.Equal(got, want) {
		t.Errorf("it was %v and is %v, %v", want, got, err)
	}
	if n := len(to.events("lobby", 0)); n != int(want.GetHead()) {
		t.Errorf("%d events, want %d", n, want.GetHead())
	}
}
