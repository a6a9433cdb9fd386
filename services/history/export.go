package history

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// membersAtOnce is how many members one question to the store brings.
const membersAtOnce = 500

// Export streams a room's events up to where it is now, and then its members'
// read markers.
func (q *messageQueries) Export(in *historyv1.MessagesExportRequest, stream grpc.ServerStreamingServer[historyv1.MessagesExportResponse]) error {
	ctx := stream.Context()
	if err := adminOnly(ctx); err != nil {
		return err
	}
	// What was acked is in the file.
	if err := q.service.caughtUpIn(ctx, subject.Partition(in.GetRoom(), q.service.partitions)); err != nil {
		return err
	}
	info, _, err := q.service.readable(ctx, in.GetRoom(), 0)
	if err != nil {
		return err
	}
	lines := &exportLines{send: func(piece []byte) error { return stream.Send(&historyv1.MessagesExportResponse{Lines: piece}) }}
	if in.GetAfter() == 0 {
		if err := lines.header("room", in.GetRoom()); err != nil {
			return err
		}
	}
	if err := q.service.exportEvents(ctx, lines, in.GetRoom(), in.GetAfter(), info.GetHead()); err != nil {
		return err
	}
	if err := q.service.exportMarks(ctx, lines, in.GetRoom(), info.GetHead()); err != nil {
		return err
	}
	return lines.flush()
}

func (s *Service) exportEvents(ctx context.Context, lines *exportLines, id string, after, head uint32) error {
	for last := after; after < head; {
		n := min(maxReplay, head-after)
		events, err := s.store.Events(ctx, id, after, int(n))
		if err != nil {
			return s.storeError(err)
		}
		for _, e := range events {
			e.Skipped, last = e.GetSeq()-last-1, e.GetSeq() // trimmed, if any
			if err := lines.event(e); err != nil {
				return err
			}
		}
		after += n
	}
	return nil
}

// exportMarks are the read markers of who was a member at a head.
func (s *Service) exportMarks(ctx context.Context, lines *exportLines, id string, head uint32) error {
	for after := ""; ; {
		members, err := s.store.Members(ctx, id, after, membersAtOnce)
		if err != nil {
			return s.storeError(err)
		}
		if len(members) == 0 {
			return nil
		}
		for _, m := range members {
			after = m.GetUser()
			if m.GetJoinedSeq() > head || m.GetReadSeq() <= m.GetJoinedSeq() {
				continue
			}
			if err := lines.message("mark", &chatv1.Mark{Room: id, User: m.GetUser(), Seq: min(m.GetReadSeq(), head)}); err != nil {
				return err
			}
		}
	}
}

// Export streams what is kept of a user: their messages and all events by or
// about them, room by room, each with their standing in it.
func (q *userQueries) Export(in *historyv1.UsersExportRequest, stream grpc.ServerStreamingServer[historyv1.UsersExportResponse]) error {
	ctx := stream.Context()
	if err := adminOnly(ctx); err != nil {
		return err
	}
	if r := room.CheckUser("user", in.GetUser()); r != nil {
		return rpc.Refuse(r)
	}
	if err := q.service.caughtUp(ctx); err != nil {
		return err
	}
	lines := &exportLines{send: func(piece []byte) error { return stream.Send(&historyv1.UsersExportResponse{Lines: piece}) }}
	if in.GetAfterRoom() == "" {
		if err := lines.header("user", in.GetUser()); err != nil {
			return err
		}
	} else if err := q.service.exportOf(ctx, lines, in.GetUser(), in.GetAfterRoom(), in.GetAfterSeq()); err != nil {
		return err
	}
	for after := in.GetAfterRoom(); ; {
		heads, err := q.service.store.Heads(ctx, after, roomsAtOnce)
		if err != nil {
			return q.service.storeError(err)
		}
		if len(heads) == 0 {
			return lines.flush()
		}
		for _, head := range heads {
			after = head.Room
			if err := q.service.exportOf(ctx, lines, in.GetUser(), head.Room, 0); err != nil {
				return err
			}
		}
	}
}

// exportOf is what one room keeps of a user, after a seq.
func (s *Service) exportOf(ctx context.Context, lines *exportLines, user, id string, after uint32) error {
	info, standing, err := s.store.Info(ctx, id, user)
	if errors.Is(err, store.ErrNotFound) {
		return rpc.Refuse(room.NotFound())
	}
	if err != nil {
		return s.storeError(err)
	}
	for head := info.GetHead(); after < head; {
		to := head
		if head-after > tracesAtOnce {
			to = after + tracesAtOnce
		}
		seqs, err := s.store.Traces(ctx, user, id, after, to)
		if err == nil {
			err = s.exportSome(ctx, lines, id, seqs)
		}
		if err != nil {
			return s.storeError(err)
		}
		after = to
	}
	if standing.Member == nil {
		return nil
	}
	return lines.message("member", &historyv1.GetResponse{Room: &chatv1.Room{Room: id, Name: info.GetName(), Kind: info.GetKind()}, Member: standing.Member})
}

// exportSome are some of a room's events.
func (s *Service) exportSome(ctx context.Context, lines *exportLines, id string, seqs []uint32) error {
	for len(seqs) > 0 {
		first := seqs[0]
		events, err := s.store.Events(ctx, id, first-1, maxReplay)
		if err != nil {
			return err
		}
		for _, e := range events {
			if _, wanted := slices.BinarySearch(seqs, e.GetSeq()); !wanted {
				continue
			}
			if err := lines.event(e); err != nil {
				return err
			}
		}
		next, _ := slices.BinarySearch(seqs, first+maxReplay)
		seqs = seqs[next:]
	}
	return nil
}
