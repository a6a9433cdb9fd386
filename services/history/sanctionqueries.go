package history

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// Ban ends a membership and keeps the user out.
func (q *roomQueries) Ban(ctx context.Context, in *historyv1.BanRequest) (*historyv1.BanResponse, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: in.GetRoom(), Change: &chatv1.Command_Ban{
		Ban: &chatv1.Ban{User: in.GetUser(), Until: in.Until, Reason: said(in.GetReason())},
	}})
	if err != nil {
		return nil, err
	}
	return &historyv1.BanResponse{Change: done}, nil
}

// Unban lets a user come back.
func (q *roomQueries) Unban(ctx context.Context, in *historyv1.UnbanRequest) (*historyv1.UnbanResponse, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: in.GetRoom(), Change: &chatv1.Command_Unban{Unban: &chatv1.Unban{User: in.GetUser()}}})
	if err != nil {
		return nil, err
	}
	return &historyv1.UnbanResponse{Change: done}, nil
}

// Mute keeps a user from writing.
func (q *roomQueries) Mute(ctx context.Context, in *historyv1.MuteRequest) (*historyv1.MuteResponse, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: in.GetRoom(), Change: &chatv1.Command_Mute{Mute: &chatv1.Mute{User: in.GetUser(), Until: in.Until}}})
	if err != nil {
		return nil, err
	}
	return &historyv1.MuteResponse{Change: done}, nil
}

// Unmute lets a user write again.
func (q *roomQueries) Unmute(ctx context.Context, in *historyv1.UnmuteRequest) (*historyv1.UnmuteResponse, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: in.GetRoom(), Change: &chatv1.Command_Unmute{Unmute: &chatv1.Unmute{User: in.GetUser()}}})
	if err != nil {
		return nil, err
	}
	return &historyv1.UnmuteResponse{Change: done}, nil
}

// ListBans tells who is banned now.
func (q *roomQueries) ListBans(ctx context.Context, in *historyv1.ListBansRequest) (*historyv1.ListBansResponse, error) {
	bans, cursor, err := q.sanctions(ctx, in, func(s *room.State) map[string]int64 { return s.Banned })
	if err != nil {
		return nil, err
	}
	return &historyv1.ListBansResponse{Bans: bans, Cursor: cursor}, nil
}

// ListMutes tells who is muted now.
func (q *roomQueries) ListMutes(ctx context.Context, in *historyv1.ListMutesRequest) (*historyv1.ListMutesResponse, error) {
	mutes, cursor, err := q.sanctions(ctx, in, func(s *room.State) map[string]int64 { return s.Muted })
	if err != nil {
		return nil, err
	}
	return &historyv1.ListMutesResponse{Mutes: mutes, Cursor: cursor}, nil
}

// sanctionPage is what both lists ask for.
type sanctionPage interface {
	GetRoom() string
	GetCursor() string
	GetLimit() uint32
	GetMinSeq() uint32
}

// sanctions are a page of those that have not ended, by user id, and the cursor
// of the next one.
func (q *roomQueries) sanctions(ctx context.Context, in sanctionPage, of func(*room.State) map[string]int64) ([]*historyv1.Sanction, string, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, "", err
	}
	if r := checkCursor(in.GetCursor()); r != nil {
		return nil, "", rpc.Refuse(r)
	}
	if _, _, err := q.service.readable(ctx, in.GetRoom(), in.GetMinSeq()); err != nil {
		return nil, "", err
	}
	state, err := q.service.store.Room(ctx, in.GetRoom())
	if errors.Is(err, store.ErrNotFound) {
		return nil, "", rpc.Refuse(room.NotFound())
	}
	if err != nil {
		return nil, "", q.service.storeError(err)
	}
	now := time.Now().UnixMilli()
	var list []*historyv1.Sanction
	for user, until := range of(state) {
		if user <= in.GetCursor() || until <= now {
			continue
		}
		sanction := &historyv1.Sanction{User: user}
		if until != room.Forever {
			sanction.Until = room.Time(until)
		}
		list = append(list, sanction)
	}
	slices.SortFunc(list, func(a, b *historyv1.Sanction) int { return strings.Compare(a.GetUser(), b.GetUser()) })
	if n := limit(in.GetLimit()); len(list) > n {
		return list[:n], list[n-1].GetUser(), nil
	}
	return list, "", nil
}
