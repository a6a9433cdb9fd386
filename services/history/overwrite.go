package history

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// overwriteFor bounds the overwriting before one purge.
const overwriteFor = 5 * time.Minute

// due is what an erasure leaves to be done when the log's window has passed.
// NATS only forgets what is purged: the bytes stay in the block of its file, for
// long where little is said. So records of what was erased are overwritten
// before they are purged. The bucket chat_meta has a key for each, until the log
// begins behind it.
type due struct {
	Room string   `json:"room"`
	Seqs []uint32 `json:"seqs"`
	// Until is the sequence up to which the log may have told of it.
	Until uint64 `json:"until"`

	key string
}

func duePrefix(partition int) string { return fmt.Sprintf("erased.%d.", partition) }

// owe keeps what is about to be erased, so that no crash forgets it.
func (s *Service) owe(ctx context.Context, room string, seqs []uint32) error {
	p := subject.Partition(room, s.partitions)
	at, err := s.store.Position(ctx, p)
	if err != nil {
		return s.storeError(err)
	}
	value, err := json.Marshal(due{Room: room, Seqs: seqs, Until: at.Sequence})
	if err != nil {
		return err
	}
	bucket, err := s.js.KeyValue(ctx, subject.BucketMeta)
	if err == nil {
		_, err = bucket.Create(ctx, duePrefix(p)+rand.Text(), value)
	}
	if err != nil {
		return fmt.Errorf("bucket %s: %w", subject.BucketMeta, err)
	}
	return nil
}

// dues are what is still to be done in a partition.
func (s *Service) dues(ctx context.Context, partition int) (jetstream.KeyValue, []due, error) {
	bucket, err := s.js.KeyValue(ctx, subject.BucketMeta)
	if err != nil {
		return nil, nil, err
	}
	keys, err := bucket.ListKeysFiltered(ctx, duePrefix(partition)+"*")
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = keys.Stop() }()
	var all []due
	for key := range keys.Keys() {
		entry, err := bucket.Get(ctx, key)
		if errors.Is(err, jetstream.ErrKeyNotFound) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		d := due{key: key}
		if err := json.Unmarshal(entry.Value(), &d); err != nil {
			return nil, nil, fmt.Errorf("key %s: %w", key, err)
		}
		all = append(all, d)
	}
	return bucket, all, nil
}

// overwrite has the server write over those of the records from first on and
// before keep that tell what was erased, and forgets what was due before.
func (s *Service) overwrite(ctx context.Context, j *journal, first, keep uint64) error {
	ctx, cancel := context.WithTimeout(ctx, overwriteFor)
	defer cancel()
	bucket, dues, err := s.dues(ctx, j.partition)
	if err != nil {
		return fmt.Errorf("what was erased: %w", err)
	}
	erased := map[string]map[uint32]bool{}
	for _, d := range dues {
		if d.Until < first {
			if err := bucket.Purge(ctx, d.key); err != nil {
				return fmt.Errorf("what was erased: %w", err)
			}
			continue
		}
		if erased[d.Room] == nil {
			erased[d.Room] = map[uint32]bool{}
		}
		for _, seq := range d.Seqs {
			erased[d.Room][seq] = true
		}
	}
	if len(erased) == 0 || keep <= first {
		return nil
	}
	var found []uint64
	config := jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverByStartSequencePolicy, OptStartSeq: first}
	err = j.each(ctx, config, keep-1, func(sequence uint64, r *chatv1.LogRecord) bool {
		if sequence < keep && slices.ContainsFunc(r.GetEvents(), func(e *chatv1.Event) bool { return erased[e.GetRoom()][e.GetSeq()] }) {
			found = append(found, sequence)
		}
		return sequence < keep
	})
	if err != nil {
		return err
	}
	for _, sequence := range found {
		if err := j.stream.SecureDeleteMsg(ctx, sequence); err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
			return fmt.Errorf("write over record %d of the log: %w", sequence, err)
		}
	}
	if len(found) > 0 {
		s.log.Info("wrote over what the log had of erased messages", "partition", j.partition, "records", len(found))
	}
	return nil
}
