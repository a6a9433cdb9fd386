package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	// tracesAtOnce is how many seqs of a room one question to the store looks at.
	tracesAtOnce = 5000
	// roomsAtOnce is how many rooms are looked at between two reports.
	roomsAtOnce = 200
	// erasurePasses bounds an erasure of somebody who goes on writing.
	erasurePasses = 10
	// storeCatchUp bounds the wait for the store before an erasure looks at it.
	storeCatchUp = time.Minute
)

// erasure takes one user's traces away, room by room. What was done is done: it
// may be cut short at any point and begun anew.
type erasure struct {
	service *Service
	user    string
	// report is told how far it is.
	report func(*erased) error
	erased
}

// erased is how far an erasure is.
type erased struct {
	rooms, changed, events uint32
}

// run looks at all rooms until nothing is found: what was on its way to the
// store is found by the next pass.
func (e *erasure) run(ctx context.Context) error {
	for range erasurePasses {
		if err := e.service.caughtUp(ctx); err != nil {
			return err
		}
		before := e.events
		e.rooms = 0
		if err := e.pass(ctx); err != nil {
			return err
		}
		if e.events == before {
			return e.forget(ctx)
		}
	}
	return rpc.Refuse(unavailable("the user goes on writing: revoke their tokens (natterctl user revoke), then repeat this"))
}

// forget takes away what is kept of the user beside rooms. What makes their
// tokens void stays: without it they would hold again.
func (e *erasure) forget(ctx context.Context) error {
	if err := e.service.store.ForgetSeen(ctx, e.user); err != nil {
		return e.service.storeError(err)
	}
	return e.service.store.Tidy(ctx)
}

func (e *erasure) pass(ctx context.Context) error {
	after := ""
	for {
		heads, err := e.service.store.Heads(ctx, after, roomsAtOnce)
		if err != nil {
			return e.service.storeError(err)
		}
		if len(heads) == 0 {
			return nil
		}
		for _, head := range heads {
			if err := e.room(ctx, head.Room, head.Seq); err != nil {
				return err
			}
			after = head.Room
			e.rooms++
		}
		if err := e.report(&e.erased); err != nil {
			return err
		}
	}
}

// room takes the traces in one room away, a bounded number at once.
func (e *erasure) room(ctx context.Context, id string, head uint32) error {
	before := e.events
	for after := uint32(0); after < head; {
		to := head
		if head-after > tracesAtOnce {
			to = after + tracesAtOnce
		}
		seqs, err := e.service.store.Traces(ctx, e.user, id, after, to)
		if err != nil {
			return e.service.storeError(err)
		}
		if _, err := e.service.erase(ctx, id, e.user, seqs); err != nil {
			return err
		}
		e.events += uint32(len(seqs))
		after = to
	}
	if e.events > before {
		e.changed++
	}
	return nil
}

// erase has the room's writer take seqs away, and is the seq of its last event.
func (s *Service) erase(ctx context.Context, id, user string, seqs []uint32) (last uint32, err error) {
	for len(seqs) > 0 {
		n := min(len(seqs), room.MaxErased)
		if err := s.owe(ctx, id, seqs[:n]); err != nil {
			return 0, err
		}
		reply, err := s.do(ctx, &chatv1.Command{
			Actor: creator(""), Room: id,
			Change: &chatv1.Command_Erase{Erase: &chatv1.Erase{User: user, Seqs: seqs[:n]}},
		})
		if err != nil {
			return 0, err
		}
		last, seqs = reply.GetResults()[0].GetSeq(), seqs[n:]
	}
	return last, nil
}

// caughtUp returns when the store has what the logs hold now.
func (s *Service) caughtUp(ctx context.Context) error {
	for partition := range s.partitions {
		if err := s.caughtUpIn(ctx, partition); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) caughtUpIn(ctx context.Context, partition int) error {
	wait, cancel := context.WithTimeout(ctx, storeCatchUp)
	defer cancel()
	stream, err := s.js.Stream(wait, subject.LogStream(partition))
	if err != nil {
		return rpc.Refuse(unavailable(fmt.Sprintf("the log of partition %d does not answer; repeat this when it does", partition)))
	}
	last := stream.CachedInfo().State.LastSeq
	err = s.progress.until(wait, func() (bool, error) {
		at, err := s.store.Position(wait, partition)
		return at.Sequence >= last, err
	})
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return rpc.Refuse(unavailable("the archive is behind; repeat this in a moment"))
	}
	if err != nil {
		return s.storeError(err)
	}
	return nil
}

// logCleanAt is when the log has nothing any more of what is erased now.
func (s *Service) logCleanAt() *timestamppb.Timestamp {
	return timestamppb.New(time.Now().Add(s.cfg.LogWindow + s.keepEvery))
}
