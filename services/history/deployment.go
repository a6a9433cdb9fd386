package history

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/store"
)

// fix finds or sets what is fixed for the deployment: the number of partitions
// and the epoch, in the store and in the bucket chat_meta. Of two epochs the
// higher one counts.
func (s *Service) fix(ctx context.Context) error {
	d, err := s.store.Deployment(ctx, store.Deployment{Partitions: s.cfg.Partitions, Epoch: uint64(time.Now().UnixMilli())})
	if err != nil {
		return fmt.Errorf("what the store was made for: %w", err)
	}
	if err := s.checkPartitions("the store", d.Partitions); err != nil {
		return err
	}
	bucket, err := s.js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: subject.BucketMeta, Description: "natter: what is fixed for the deployment", Replicas: s.cfg.Replicas, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return fmt.Errorf("bucket %s: %w", subject.BucketMeta, err)
	}
	partitions, err := first(ctx, bucket, "partitions", uint64(d.Partitions))
	if err != nil {
		return err
	}
	if err := s.checkPartitions("NATS", int(partitions)); err != nil {
		return err
	}
	epoch, err := first(ctx, bucket, "epoch", d.Epoch)
	if err != nil {
		return err
	}
	if epoch > d.Epoch {
		err = s.store.SetEpoch(ctx, epoch)
	}
	s.raise(max(epoch, d.Epoch))
	return err
}

func (s *Service) checkPartitions(where string, have int) error {
	if have == s.cfg.Partitions {
		return nil
	}
	return fmt.Errorf("NATTER_PARTITIONS: %d is set, but %s was made for %d, which cannot be changed: set it to %d", s.cfg.Partitions, where, have, have)
}

// followEpoch takes over what other replicas announce, until ctx ends.
func (s *Service) followEpoch(ctx context.Context) {
	for ctx.Err() == nil {
		if err := s.watchEpoch(ctx); err != nil && ctx.Err() == nil {
			s.log.Warn("the epoch is not watched, trying again", "error", err)
			_ = sleep(ctx, time.Second)
		}
	}
}

func (s *Service) watchEpoch(ctx context.Context) error {
	bucket, err := s.js.KeyValue(ctx, subject.BucketMeta)
	if err != nil {
		return err
	}
	watcher, err := bucket.Watch(ctx, "epoch")
	if err != nil {
		return err
	}
	defer func() { _ = watcher.Stop() }()
	for {
		select {
		case <-ctx.Done():
			return nil
		case entry, open := <-watcher.Updates():
			if !open {
				return errors.New("the watch ended")
			}
			if entry == nil || entry.Operation() != jetstream.KeyValuePut {
				continue
			}
			epoch, err := strconv.ParseUint(string(entry.Value()), 10, 64)
			if err != nil {
				return fmt.Errorf("bucket %s: the epoch is no number: %w", subject.BucketMeta, err)
			}
			s.raise(epoch)
		}
	}
}

// announceEpoch makes a higher epoch known to the other replicas.
func (s *Service) announceEpoch(ctx context.Context, epoch uint64) error {
	bucket, err := s.js.KeyValue(ctx, subject.BucketMeta)
	if err == nil {
		_, err = bucket.PutString(ctx, "epoch", strconv.FormatUint(epoch, 10))
	}
	if err != nil {
		return fmt.Errorf("bucket %s: %w", subject.BucketMeta, err)
	}
	return nil
}

// first reads a number, and sets it if it was never set.
func first(ctx context.Context, bucket jetstream.KeyValue, key string, value uint64) (uint64, error) {
	_, err := bucket.Create(ctx, key, []byte(strconv.FormatUint(value, 10)))
	if err == nil {
		return value, nil
	}
	if !errors.Is(err, jetstream.ErrKeyExists) {
		return 0, fmt.Errorf("bucket %s: %w", subject.BucketMeta, err)
	}
	entry, err := bucket.Get(ctx, key)
	if err != nil {
		return 0, fmt.Errorf("bucket %s: %w", subject.BucketMeta, err)
	}
	return strconv.ParseUint(string(entry.Value()), 10, 64)
}
