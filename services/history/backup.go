package history

import (
	"context"
	"time"

	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

// Backup streams all rooms by id. Rooms do not depend on each other, so each of
// them as it was at some moment is a past that could have been. It is the same
// for every store, and for any number of partitions.
func (q *storeQueries) Backup(in *historyv1.BackupRequest, stream grpc.ServerStreamingServer[historyv1.BackupResponse]) error {
	ctx, s := stream.Context(), q.service
	if err := adminOnly(ctx); err != nil {
		return err
	}
	if err := s.caughtUp(ctx); err != nil {
		return err
	}
	lines := &exportLines{send: func(piece []byte) error { return stream.Send(&historyv1.BackupResponse{Lines: piece}) }}
	after, seq := in.GetAfterRoom(), in.GetAfterSeq()
	if after == "" {
		if err := lines.about(map[string]any{"format": "backup", "version": backupVersion, "epoch": s.epoch.Load(), "partitions": s.partitions, "begun": time.Now().UTC().Format(time.RFC3339)}); err != nil {
			return err
		}
	} else {
		info, _, err := s.store.Info(ctx, after, "")
		if err != nil {
			return s.storeError(err)
		}
		if err := s.backUp(ctx, lines, after, seq, info.GetHead()); err != nil {
			return err
		}
	}
	for {
		heads, err := s.store.Heads(ctx, after, roomsAtOnce)
		if err != nil {
			return s.storeError(err)
		}
		if len(heads) == 0 {
			break
		}
		for _, head := range heads {
			after = head.Room
			if err := s.backUp(ctx, lines, head.Room, 0, head.Seq); err != nil {
				return err
			}
		}
	}
	// Last, so that none is older than what was said by who came with the token.
	for _, r := range s.revocations.all() {
		if err := lines.message("revoked", &chatv1.Revocation{User: r.GetUser(), BeforeMs: r.GetBeforeMs()}); err != nil {
			return err
		}
	}
	if err := s.backUpWebhooks(ctx, lines); err != nil {
		return err
	}
	if err := lines.about(map[string]any{"format": "backup", "version": backupVersion, "end": true}); err != nil {
		return err
	}
	return lines.flush()
}

// backUp is one room after a seq, up to a head.
func (s *Service) backUp(ctx context.Context, lines *exportLines, id string, after, head uint32) error {
	if err := s.exportEvents(ctx, lines, id, after, head); err != nil {
		return err
	}
	return s.exportMarks(ctx, lines, id, head)
}
