package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

const (
	batchItems = 200
	batchBytes = 128 << 10
)

// lineError is what is wrong with a line.
type lineError struct {
	number int
	err    error
}

func (l *lineError) Error() string { return fmt.Sprintf("line %d: %v", l.number, l.err) }
func (l *lineError) Unwrap() error { return l.err }

// importer sends lines in batches, each of one room.
type importer struct {
	ctx      context.Context
	client   *command.Client
	batch    []*item
	bytes    int
	seqs     map[[2]string]uint32 // of messages from elsewhere, by room and id
	pending  map[string]bool      // ids in the batch
	events   int
	added    uint32
	webhooks int // new ones
}

func newImporter(ctx context.Context, client *command.Client) *importer {
	return &importer{ctx: ctx, client: client, seqs: map[[2]string]uint32{}, pending: map[string]bool{}}
}

// line takes one line.
func (im *importer) line(number int, text []byte) error {
	it, err := parse(text)
	if err != nil {
		return &lineError{number, err}
	}
	if it == nil {
		return nil
	}
	if it.revoked != nil {
		if err := revoke(im.ctx, im.client, it.revoked); err != nil {
			return &lineError{number, err}
		}
		return nil
	}
	if it.webhook != nil {
		if err := im.webhook(it.webhook); err != nil {
			return &lineError{number, err}
		}
		return nil
	}
	it.number = number
	if len(im.batch) > 0 && !im.fits(it) {
		if err := im.flush(); err != nil {
			return err
		}
	}
	if err := im.resolve(it); err != nil {
		return &lineError{number, err}
	}
	im.batch = append(im.batch, it)
	im.bytes += size(it)
	if it.id != "" {
		im.pending[it.id] = true
	}
	return nil
}

// webhook takes one, which begins behind all that was imported before.
func (im *importer) webhook(kept *historyv1.KeptWebhook) error {
	if err := im.flush(); err != nil {
		return err
	}
	resp, err := im.client.Webhooks.Import(im.ctx, &historyv1.WebhooksImportRequest{Kept: kept})
	if resp.GetAdded() {
		im.webhooks++
	}
	return err
}

// revoke makes a user's tokens void as they were.
func revoke(ctx context.Context, client *command.Client, r *chatv1.Revocation) error {
	_, err := client.Users.Revoke(ctx, &historyv1.RevokeRequest{User: r.GetUser(), Before: timestamppb.New(time.UnixMilli(r.GetBeforeMs()))})
	return err
}

func size(it *item) int { return proto.Size(it.event) + proto.Size(it.mark) + 16 }

// fits tells whether a line can go with those that wait. Marks come after
// events, and what is referred to has to be there.
func (im *importer) fits(it *item) bool {
	last := im.batch[len(im.batch)-1]
	return last.room() == it.room() && len(im.batch) < batchItems && im.bytes+size(it) <= batchBytes &&
		(last.mark == nil || it.mark != nil) && !im.pending[it.replyTo] && !im.pending[it.thread]
}

// resolve puts seqs where a line from elsewhere has ids.
func (im *importer) resolve(it *item) error {
	for field, ref := range map[string]struct {
		id string
		to func(seq *uint32)
	}{
		"message.replyTo": {it.replyTo, func(seq *uint32) { it.event.GetMessage().ReplyTo = seq }},
		"message.thread":  {it.thread, func(seq *uint32) { it.event.GetMessage().Thread = seq }},
	} {
		if ref.id == "" {
			continue
		}
		seq, known := im.seqs[[2]string{it.room(), ref.id}]
		if !known {
			return fmt.Errorf("%s: no line before has a message with the id %q in this room", field, ref.id)
		}
		ref.to(&seq)
	}
	return nil
}

// flush sends what waits.
func (im *importer) flush() error {
	if len(im.batch) == 0 {
		return nil
	}
	batch := im.batch
	req := &historyv1.MessagesImportRequest{Room: batch[0].room()}
	for _, it := range batch {
		if it.event != nil {
			req.Events = append(req.Events, it.event)
		} else {
			req.Marks = append(req.Marks, it.mark)
		}
	}
	resp, err := im.client.Messages.Import(im.ctx, req)
	if err != nil {
		return &lineError{batch[0].number, err}
	}
	im.events += len(resp.GetSeqs())
	im.added += resp.GetAdded()
	for i, seq := range resp.GetSeqs() {
		if id := batch[i].id; id != "" {
			im.seqs[[2]string{req.GetRoom(), id}] = seq
		}
	}
	if r := resp.GetRefusal(); r != nil {
		at := batch[min(len(resp.GetSeqs()), len(batch)-1)]
		return &lineError{at.number, refusal(r)}
	}
	im.batch, im.bytes = nil, 0
	clear(im.pending)
	return nil
}

func refusal(r *chatv1.Refusal) error {
	if r.GetField() == "" {
		return fmt.Errorf("%s: %s", r.GetCode(), r.GetMessage())
	}
	return fmt.Errorf("%s: %s: %s", r.GetField(), r.GetCode(), r.GetMessage())
}

// failed is what to tell of an import that stopped.
func (im *importer) failed(file string, err error) error {
	next := fmt.Sprintf("%d events before it are there. Repeat the same command: it goes on where it stopped.", im.events)
	var at *lineError
	if errors.As(err, &at) {
		err = fmt.Errorf("%s, %w", file, at)
		next = fmt.Sprintf("%d events before it are there. Mend the line and repeat the same command: it goes on where it stopped.", im.events)
	}
	return &command.Advised{Err: err, Next: next}
}
