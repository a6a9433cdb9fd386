package history

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/store"
	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// Erase takes a user's traces away.
func (q *userQueries) Erase(in *historyv1.EraseRequest, stream grpc.ServerStreamingServer[historyv1.EraseResponse]) error {
	ctx := stream.Context()
	if err := adminOnly(ctx); err != nil {
		return err
	}
	if r := room.CheckUser("user", in.GetUser()); r != nil {
		return rpc.Refuse(r)
	}
	if in.GetUser() == room.Nobody || in.GetUser() == operator {
		return rpc.Refuse(badField("user", "this id is natter's own; there is nobody to erase"))
	}
	e := &erasure{service: q.service, user: in.GetUser(), report: func(e *erased) error {
		return stream.Send(&historyv1.EraseResponse{Rooms: e.rooms, RoomsChanged: e.changed, Events: e.events})
	}}
	if err := e.run(ctx); err != nil {
		return err
	}
	// What admins did stays known, but not to whom.
	if err := q.service.store.HideAudit(ctx, in.GetUser(), audit.Pseudonym(in.GetUser())); err != nil {
		return q.service.storeError(err)
	}
	q.service.log.InfoContext(ctx, "a user was erased", "rooms", e.changed, "events", e.events)
	return stream.Send(&historyv1.EraseResponse{Rooms: e.rooms, RoomsChanged: e.changed, Events: e.events, Done: true, LogCleanAt: q.service.logCleanAt()})
}

// Delete takes a message away for good. A second look finds what was said of it
// while it was taken away.
func (q *messageQueries) Delete(ctx context.Context, in *historyv1.MessagesDeleteRequest) (*historyv1.MessagesDeleteResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if r := room.CheckRoom(in.GetRoom()); r != nil {
		return nil, rpc.Refuse(r)
	}
	out := &historyv1.MessagesDeleteResponse{}
	for range erasurePasses {
		if err := q.service.caughtUpIn(ctx, subject.Partition(in.GetRoom(), q.service.partitions)); err != nil {
			return nil, err
		}
		seqs, err := q.service.partsOf(ctx, in.GetRoom(), in.GetSeq())
		if err != nil {
			return nil, err
		}
		if len(seqs) == 0 {
			break
		}
		if out.Seq, err = q.service.erase(ctx, in.GetRoom(), "", seqs); err != nil {
			return nil, err
		}
		out.LogCleanAt = q.service.logCleanAt()
	}
	q.service.tidySoon()
	return out, nil
}

// partsOf are the seqs of a message and of the events about it that still say
// something.
func (s *Service) partsOf(ctx context.Context, id string, seq uint32) ([]uint32, error) {
	m, err := s.store.Message(ctx, id, "", seq)
	if errors.Is(err, store.ErrNotFound) {
		return nil, noSuchMessage()
	}
	if err != nil {
		return nil, s.storeError(err)
	}
	var seqs []uint32
	purged := m.GetDeleted() && m.ClientMsgId == nil
	if !purged {
		seqs = append(seqs, seq)
	}
	for after := seq; ; {
		events, err := s.store.Events(ctx, id, after, maxReplay)
		if err != nil {
			return nil, s.storeError(err)
		}
		if len(events) == 0 {
			return seqs, nil
		}
		for _, e := range events {
			after = e.GetSeq()
			// What the edits of a deleted message said is not told, but kept.
			if room.Subject(e) == seq && (room.Tells(e, "") || !purged && e.GetEdited() != nil) {
				seqs = append(seqs, e.GetSeq())
			}
		}
	}
}

// adminOnly refuses whoever holds no admin token.
func adminOnly(ctx context.Context) error {
	if rpc.CallerOf(ctx).Admin {
		return nil
	}
	return status.Error(codes.PermissionDenied, "only admins do this; use the admin token")
}
