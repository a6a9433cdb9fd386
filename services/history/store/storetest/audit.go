package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	"github.com/natter-chat/natter/services/history/store"
)

// audit: records are kept once, found by each filter, paged from the newest on,
// forgotten by age, and say no more whom they were about once that is hidden.
func audit(t *testing.T, open Opener) {
	s, ctx := open(t), t.Context()
	records := make([]*accessv1.AuditRecord, 7)
	for i := range records {
		records[i] = &accessv1.AuditRecord{
			Id: fmt.Sprintf("id-%d", 9-i), Time: timestamppb.New(time.UnixMilli(int64(1000 + i/2))), Service: "history", Who: []string{"ci", "bö's"}[i%2],
			Method: []string{"/natter.history.v1.Rooms/Create", "/natter.history.v1.Users/Erase"}[i%2], Room: []string{"", "lobby", "den"}[i%3],
			User: []string{"ana", "ben"}[i%2], Seq: 4_000_000_000, Address: "[::1]:5", Forwarded: "192.0.2.1", Code: "OK", Request: "r", Object: []string{"", "webhook k3x9"}[i%2], DurationMs: 3_000_000_000,
		}
		for range 2 {
			if err := s.KeepAudit(ctx, records[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	s = open(t)
	slices.SortFunc(records, func(a, b *accessv1.AuditRecord) int {
		if d := b.GetTime().AsTime().Compare(a.GetTime().AsTime()); d != 0 {
			return d
		}
		return map[bool]int{true: -1, false: 1}[a.GetId() > b.GetId()]
	})
	all := func(q store.AuditQuery) (list []*accessv1.AuditRecord) {
		t.Helper()
		for q.Limit = 2; ; {
			page, err := s.Audit(ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, page...)
			if len(page) < q.Limit {
				return list
			}
			last := page[len(page)-1]
			q.BeforeMs, q.BeforeID = last.GetTime().AsTime().UnixMilli(), last.GetId()
		}
	}
	for name, c := range map[string]struct {
		q    store.AuditQuery
		fits func(r *accessv1.AuditRecord) bool
	}{
		"all":    {store.AuditQuery{}, func(*accessv1.AuditRecord) bool { return true }},
		"who":    {store.AuditQuery{Who: "bö's"}, func(r *accessv1.AuditRecord) bool { return r.GetWho() == "bö's" }},
		"method": {store.AuditQuery{Method: "Users/"}, func(r *accessv1.AuditRecord) bool { return r.GetUser() == "ben" }},
		"room":   {store.AuditQuery{Room: "den"}, func(r *accessv1.AuditRecord) bool { return r.GetRoom() == "den" }},
		"users":  {store.AuditQuery{Users: []string{"nobody", "ana"}}, func(r *accessv1.AuditRecord) bool { return r.GetUser() == "ana" }},
		"since":  {store.AuditQuery{Since: 1002}, func(r *accessv1.AuditRecord) bool { return r.GetTime().AsTime().UnixMilli() >= 1002 }},
		"until":  {store.AuditQuery{Until: 1002}, func(r *accessv1.AuditRecord) bool { return r.GetTime().AsTime().UnixMilli() < 1002 }},
		"both":   {store.AuditQuery{Who: "ci", Room: "lobby"}, func(r *accessv1.AuditRecord) bool { return r.GetWho() == "ci" && r.GetRoom() == "lobby" }},
		"none":   {store.AuditQuery{Who: "' OR 1=1 --"}, func(*accessv1.AuditRecord) bool { return false }},
	} {
		var want []*accessv1.AuditRecord
		for _, r := range records {
			if c.fits(r) {
				want = append(want, r)
			}
		}
		if got := all(c.q); !slices.EqualFunc(got, want, func(a, b *accessv1.AuditRecord) bool { return proto.Equal(a, b) }) {
			t.Errorf("%s: got\n%v, want\n%v", name, got, want)
		}
	}
	if err := s.HideAudit(ctx, "ana", "hidden"); err != nil {
		t.Fatal(err)
	}
	if got := all(store.AuditQuery{Users: []string{"ana"}}); len(got) != 0 {
		t.Errorf("hidden, and yet %v", got)
	}
	if got := all(store.AuditQuery{Users: []string{"hidden"}}); len(got) != 4 {
		t.Errorf("%d records of who was hidden, want 4", len(got))
	}
	if err := s.ForgetAudit(ctx, 1002); err != nil {
		t.Fatal(err)
	}
	if got := all(store.AuditQuery{}); len(got) != 3 {
		t.Errorf("%d records are left, want 3", len(got))
	}
}
