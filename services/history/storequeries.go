package history

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// storeQueries is natter.history.v1.Store.
type storeQueries struct {
	historyv1.UnimplementedStoreServer
	service *Service
}

// Status tells how far logs and store go. A replica that waits for what it needs
// to begin tells what that is, and nothing else.
func (q *storeQueries) Status(ctx context.Context, _ *historyv1.StatusRequest) (*historyv1.StatusResponse, error) {
	if !rpc.CallerOf(ctx).Admin {
		return nil, status.Error(codes.PermissionDenied, "the state of the store is for admins")
	}
	s := q.service
	out := &historyv1.StatusResponse{Store: s.storeName(), Epoch: s.epoch.Load()}
	if why := s.standstill.why(); why != nil { // what it has not begun with, it cannot tell of
		out.Replica, out.NotReady, out.Trouble = s.replica, failing(s.Checks()), why.Error()
		return out, nil
	}
	if err := errors.Join(s.progress.failing(), s.store.Ping(ctx)); err != nil {
		out.Trouble = err.Error()
	}
	owners, err := s.js.KeyValue(ctx, subject.BucketOwners)
	if err != nil {
		s.log.WarnContext(ctx, "the owners of partitions cannot be read", "error", err)
		return nil, rpc.Refuse(unavailable("NATS does not tell who owns the partitions; try again in a moment"))
	}
	out.Replica, out.NotReady = s.replica, failing(s.Checks())
	for _, state := range replicas(ctx, owners) {
		if state.GetReplica() == s.replica { // its word may be a second old
			state.NotReady = out.GetNotReady()
		}
		out.Replicas, out.States = append(out.Replicas, state.GetReplica()), append(out.States, state)
	}
	for p := range s.partitions {
		out.Partitions = append(out.Partitions, s.partitionStatus(ctx, owners, p))
	}
	return out, nil
}

// replicas are those that live, by id, and what each says of itself.
func replicas(ctx context.Context, owners jetstream.KeyValue) []*historyv1.ReplicaStatus {
	keys, err := owners.ListKeysFiltered(ctx, subject.AllOwnerReplicas)
	if err != nil {
		return nil
	}
	var live []*historyv1.ReplicaStatus
	for key := range keys.Keys() {
		id, ok := replicaOf(key)
		if !ok {
			continue
		}
		if entry, err := owners.Get(ctx, key); err == nil { // else it left meanwhile
			live = append(live, &historyv1.ReplicaStatus{Replica: id, NotReady: announced(string(entry.Value()))})
		}
	}
	slices.SortFunc(live, func(a, b *historyv1.ReplicaStatus) int { return cmp.Compare(a.GetReplica(), b.GetReplica()) })
	return live
}

func (s *Service) partitionStatus(ctx context.Context, owners jetstream.KeyValue, partition int) *historyv1.PartitionStatus {
	out := &historyv1.PartitionStatus{Partition: uint32(partition)}
	errs := []error{s.trouble.of(partition)}
	if entry, err := owners.Get(ctx, subject.OwnerPartition(partition)); err == nil {
		out.Owner = string(entry.Value())
	}
	at, err := s.store.Position(ctx, partition)
	errs = append(errs, err)
	out.Applied = at.Sequence
	stream, streamErr := s.js.Stream(ctx, subject.LogStream(partition))
	errs = append(errs, streamErr)
	if streamErr == nil {
		info := stream.CachedInfo()
		out.LogFirst, out.LogLast, out.LogBytes = info.State.FirstSeq, info.State.LastSeq, info.State.Bytes
		if err == nil && out.LogLast > out.Applied {
			out.Behind = out.LogLast - out.Applied
		}
		if from, to := gap(info, at); err == nil && to > 0 {
			errs = []error{gapError(partition, from, to)}
		}
	}
	if err := errors.Join(errs...); err != nil {
		out.Trouble = err.Error()
	}
	return out
}

// AcceptGap lets a partition go on without what is missing.
func (q *storeQueries) AcceptGap(ctx context.Context, in *historyv1.AcceptGapRequest) (*historyv1.AcceptGapResponse, error) {
	if !rpc.CallerOf(ctx).Admin {
		return nil, status.Error(codes.PermissionDenied, "only admins accept that history is lost")
	}
	s := q.service
	if int(in.GetPartition()) >= s.partitions {
		return nil, rpc.Refuse(badField("partition", "there are only "+strconv.Itoa(s.partitions)+", from 0"))
	}
	dropped, err := s.acceptGap(ctx, int(in.GetPartition()), in.GetFrom(), in.GetTo())
	switch {
	case errors.Is(err, errNoSuchGap):
		return nil, status.Error(codes.FailedPrecondition, err.Error())
	case err != nil:
		s.log.WarnContext(ctx, "a gap could not be accepted", "error", err)
		return nil, rpc.Refuse(unavailable("the gap could not be accepted, since the store or NATS does not answer; repeat it"))
	}
	return &historyv1.AcceptGapResponse{Epoch: s.epoch.Load(), Dropped: dropped}, nil
}
