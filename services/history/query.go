package history

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	defaultLimit = 50
	maxLimit     = 100
	// catchUp bounds how long a query waits for the store to have what its
	// caller wrote.
	catchUp = 2 * time.Second
)

// limit is what a page asks for, within bounds.
func limit(asked uint32) int {
	if asked == 0 {
		return defaultLimit
	}
	return int(min(asked, maxLimit))
}

// maxCursor is the longest that a list gives: a user id.
const maxCursor = 128

// checkCursor refuses what no list gave.
func checkCursor(cursor string) *chatv1.Refusal {
	if len(cursor) > maxCursor || !utf8.ValidString(cursor) {
		return badField("cursor", "a cursor comes from the last response; leave it out to begin anew")
	}
	return nil
}

// readable finds a room that the caller may read, and the caller's standing in
// it. The store is waited for until it has the room up to minSeq.
func (s *Service) readable(ctx context.Context, id string, minSeq uint32) (*chatv1.Room, *chatv1.Member, error) {
	if r := room.CheckRoom(id); r != nil {
		return nil, nil, rpc.Refuse(r)
	}
	caller := rpc.CallerOf(ctx)
	var info *chatv1.Room
	var standing store.Standing
	wait, cancel := context.WithTimeout(ctx, catchUp)
	defer cancel()
	err := s.progress.until(wait, func() (bool, error) {
		var err error
		info, standing, err = s.store.Info(ctx, id, caller.User)
		if errors.Is(err, store.ErrNotFound) {
			return minSeq == 0, nil
		}
		return info.GetHead() >= minSeq, err
	})
	switch {
	case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
		return nil, nil, rpc.Refuse(unavailable("the archive is behind; try again in a moment"))
	case err != nil:
		return nil, nil, s.storeError(err)
	case info == nil || !caller.Admin && standing.Member == nil && !room.Open(info.GetKind()):
		return nil, nil, rpc.Refuse(room.NotFound())
	case info.GetClosed() && !caller.Admin:
		return nil, nil, rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_GONE, Message: "the room was deleted"})
	case standing.BannedUntil > time.Now().UnixMilli() && !caller.Admin:
		return nil, nil, rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_FORBIDDEN, Message: "you are banned from this room"})
	}
	return info, standing.Member, nil
}

// storeError hides what went wrong behind what to do about it; the log says it.
func (s *Service) storeError(err error) error {
	return rpc.Because(rpc.Refuse(archiveAway()), err)
}
