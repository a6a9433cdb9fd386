package foldtest

import (
	"context"
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"

	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
)

// compare asks both stores the same about one room, by every question there is.
func compare(ctx context.Context, live, fresh store.Store, id string, sent []room.SentKey) error {
	a, errA := live.Room(ctx, id)
	b, errB := fresh.Room(ctx, id)
	if errA != nil || errB != nil {
		return fmt.Errorf("its state: %w, %w", errA, errB)
	}
	if err := states(a, b); err != nil {
		return err
	}
	if err := events(ctx, live, fresh, id, b.Head, b.Since); err != nil {
		return err
	}
	user := ""
	for member := range b.Members {
		user = max(user, member)
	}
	if err := messages(ctx, live, fresh, id, user); err != nil {
		return err
	}
	if err := members(ctx, live, fresh, id, user); err != nil {
		return err
	}
	sentA, errA := live.Sent(ctx, id, sent)
	sentB, errB := fresh.Sent(ctx, id, sent)
	if errA != nil || errB != nil || !reflect.DeepEqual(sentA, sentB) {
		return fmt.Errorf("its sent ids differ: %d and %d of them, %v, %v", len(sentA), len(sentB), errA, errB)
	}
	seqs := make([]uint32, b.Head)
	for i := range seqs {
		seqs[i] = uint32(i + 1)
	}
	factsA, errA := live.Facts(ctx, id, seqs)
	factsB, errB := fresh.Facts(ctx, id, seqs)
	if errA != nil || errB != nil || !reflect.DeepEqual(factsA, factsB) {
		return fmt.Errorf("its facts differ: %d and %d of them, %v, %v", len(factsA), len(factsB), errA, errB)
	}
	return nil
}

func states(a, b *room.State) error {
	if !proto.Equal(a.Room(), b.Room()) || !proto.Equal(a.Last, b.Last) {
		return fmt.Errorf("its state is %v, last %v; the log says %v, last %v", a.Room(), a.Last, b.Room(), b.Last)
	}
	if !reflect.DeepEqual(a.Members, b.Members) {
		return fmt.Errorf("it has %d members, the log says %d, or they differ", len(a.Members), len(b.Members))
	}
	for _, pair := range [][2]map[string]int64{{a.Banned, b.Banned}, {a.Muted, b.Muted}, {a.SlowSent, b.SlowSent}} {
		if !reflect.DeepEqual(pair[0], pair[1]) {
			return fmt.Errorf("its sanctions are %v, the log says %v", pair[0], pair[1])
		}
	}
	return nil
}

// events compares the logs, in which only what was trimmed is missing.
func events(ctx context.Context, live, fresh store.Store, id string, head, since uint32) error {
	const page = 500
	for after := uint32(0); after < head; after += page {
		a, errA := live.Events(ctx, id, after, page)
		b, errB := fresh.Events(ctx, id, after, page)
		_, whole := room.Filled(id, b, after, min(after+page, head), since)
		if errA != nil || errB != nil || len(a) != len(b) || !whole {
			return fmt.Errorf("events after %d: %d, the log has %d; %v, %v", after, len(a), len(b), errA, errB)
		}
		for i := range a {
			if !proto.Equal(a[i], b[i]) {
				return fmt.Errorf("event %d is %v, the log says %v", b[i].GetSeq(), a[i], b[i])
			}
		}
	}
	return nil
}

func messages(ctx context.Context, live, fresh store.Store, id, user string) error {
	for after, more := uint32(0), true; more; {
		q := store.Query{Room: id, Kind: store.After, Seq: after, Limit: 100, User: user}
		a, errA := live.Messages(ctx, q)
		b, errB := fresh.Messages(ctx, q)
		if errA != nil || errB != nil || len(a.Messages) != len(b.Messages) || a.HasBefore != b.HasBefore || a.HasAfter != b.HasAfter {
			return fmt.Errorf("messages after %d: %d, the log has %d; %v, %v", after, len(a.Messages), len(b.Messages), errA, errB)
		}
		for i := range a.Messages {
			if !proto.Equal(a.Messages[i], b.Messages[i]) {
				return fmt.Errorf("message %d is %v, the log says %v", b.Messages[i].GetSeq(), a.Messages[i], b.Messages[i])
			}
			after = b.Messages[i].GetSeq()
		}
		more = b.HasAfter
	}
	return nil
}

func members(ctx context.Context, live, fresh store.Store, id, user string) error {
	infoA, standingA, errA := live.Info(ctx, id, user)
	infoB, standingB, errB := fresh.Info(ctx, id, user)
	if errA != nil || errB != nil || !proto.Equal(infoA, infoB) || standingA.BannedUntil != standingB.BannedUntil || !proto.Equal(standingA.Member, standingB.Member) {
		return fmt.Errorf("what it is to %s: %v %v, the log says %v %v; %v, %v", user, infoA, standingA, infoB, standingB, errA, errB)
	}
	for after := ""; ; {
		a, errA := live.Members(ctx, id, after, 100)
		b, errB := fresh.Members(ctx, id, after, 100)
		if errA != nil || errB != nil || len(a) != len(b) {
			return fmt.Errorf("members after %q: %d, the log has %d; %v, %v", after, len(a), len(b), errA, errB)
		}
		for i := range a {
			if !proto.Equal(a[i], b[i]) {
				return fmt.Errorf("member %v, the log says %v", a[i], b[i])
			}
		}
		if len(b) == 0 {
			break
		}
		after = b[len(b)-1].GetUser()
	}
	return lists(ctx, live, fresh, user)
}

// lists compares what a user's rooms are.
func lists(ctx context.Context, live, fresh store.Store, user string) error {
	if user == "" {
		return nil
	}
	a, errA := live.RoomsOf(ctx, user, 1000)
	b, errB := fresh.RoomsOf(ctx, user, 1000)
	if errA != nil || errB != nil {
		return fmt.Errorf("rooms of %s: %w, %w", user, errA, errB)
	}
	// Partitions are folded one after another, so the fresh store may have fewer.
	has := map[string]bool{}
	for _, id := range a {
		has[id] = true
	}
	for _, id := range b {
		if !has[id] {
			return fmt.Errorf("rooms of %s: %v, the log says %v", user, a, b)
		}
	}
	return nil
}
