package storetest

import (
	"testing"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// lastSeen: a later time is kept, an earlier one changes nothing, and it is
// there after the store was opened again.
func lastSeen(t *testing.T, open Opener) {
	s, ctx := open(t), t.Context()
	for _, seen := range [][]*chatv1.Seen{
		{{User: "ana", TimeMs: 5}, {User: "bö's", TimeMs: 7}},
		{{User: "ana", TimeMs: 9}, {User: "ana", TimeMs: 8}, {User: "bö's", TimeMs: 6}},
		nil,
	} {
		if err := s.KeepSeen(ctx, seen); err != nil {
			t.Fatal(err)
		}
	}
	s = open(t)
	got, err := s.Seen(ctx, []string{"nobody", "bö's", "ana", "ana"})
	if err != nil || len(got) != 2 || got[0].GetUser() != "ana" || got[0].GetTimeMs() != 9 || got[1].GetUser() != "bö's" || got[1].GetTimeMs() != 7 {
		t.Errorf("seen are %v, %v", got, err)
	}
	if none, err := s.Seen(ctx, nil); err != nil || len(none) != 0 {
		t.Errorf("of nobody: %v, %v", none, err)
	}
	if err := s.ForgetSeen(ctx, "ana"); err != nil {
		t.Fatal(err)
	}
	if left, err := s.Seen(ctx, []string{"bö's", "ana"}); err != nil || len(left) != 1 || left[0].GetUser() != "bö's" {
		t.Errorf("without ana: %v, %v", left, err)
	}
}
