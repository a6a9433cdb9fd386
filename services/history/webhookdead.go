package history

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/history/webhook/courier"
	"github.com/natter-chat/natter/services/history/webhook/shelf"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// waitingMost is how many rooms are counted of which deliveries wait.
const waitingMost = 1000

// ListDead is a page of the deliveries that were given up.
func (q *webhookQueries) ListDead(ctx context.Context, in *historyv1.WebhooksListDeadRequest) (*historyv1.WebhooksListDeadResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkWebhook(in.GetId(), in.GetRoom()); err != nil {
		return nil, err
	}
	cursor, err := deadCursor(in.GetCursor())
	if err != nil {
		return nil, err
	}
	letters, err := q.letters(ctx, in.GetId(), in.GetRoom())
	if err != nil {
		return nil, err
	}
	out := &historyv1.WebhooksListDeadResponse{}
	for _, d := range letters {
		if d.Room < cursor.Room || d.Room == cursor.Room && d.After < cursor.After {
			continue
		}
		if len(out.Letters) == limit(in.GetLimit()) {
			out.Cursor = d.Room + "/" + strconv.FormatUint(uint64(d.After), 10)
			break
		}
		out.Letters = append(out.Letters, &historyv1.DeadLetter{
			Room: d.Room, After: d.After, Through: d.Through, Attempts: uint32(d.Attempts), FirstAttempt: timestamppb.New(d.First), LastAttempt: timestamppb.New(d.Last),
			Problem: d.Problem, Retrying: d.Retry,
		})
	}
	return out, nil
}

// maxWebhookID bounds a webhook's id, in bytes.
const maxWebhookID = 64

// checkWebhook refuses what is no webhook's id, or no room's; an empty room
// means all.
func checkWebhook(id, in string) error {
	if id == "" || len(id) > maxWebhookID {
		return rpc.Refuse(badField("id", "name the webhook by its id, which natterctl webhook list tells"))
	}
	if in == "" {
		return nil
	}
	if r := room.CheckRoom(in); r != nil {
		return rpc.Refuse(r)
	}
	return nil
}

// deadCursor is the first letter of a page.
func deadCursor(text string) (shelf.Dead, error) {
	if text == "" {
		return shelf.Dead{}, nil
	}
	id, seq, _ := strings.Cut(text, "/")
	after, err := strconv.ParseUint(seq, 10, 32)
	if err != nil {
		return shelf.Dead{}, rpc.Refuse(badField("cursor", "the cursor is none that was given out"))
	}
	return shelf.Dead{Room: id, After: uint32(after)}, nil
}

// letters are a webhook's, of one room or of all.
func (q *webhookQueries) letters(ctx context.Context, id, of string) ([]shelf.Dead, error) {
	if _, err := q.service.webhooks.shelf.Hook(ctx, id); err != nil {
		return nil, q.away(ctx, err)
	}
	all, err := q.service.webhooks.shelf.AllDead(ctx, id)
	if err != nil {
		return nil, q.away(ctx, err)
	}
	var some []shelf.Dead
	for _, d := range all {
		if of == "" || d.Room == of {
			some = append(some, d)
		}
	}
	return some, nil
}

// RetryDead asks the owners of the rooms to try once more.
func (q *webhookQueries) RetryDead(ctx context.Context, in *historyv1.WebhooksRetryDeadRequest) (*historyv1.WebhooksRetryDeadResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if err := checkWebhook(in.GetId(), in.GetRoom()); err != nil {
		return nil, err
	}
	if in.After != nil && in.GetRoom() == "" {
		return nil, rpc.Refuse(badField("room", "name the room of the dead letter"))
	}
	letters, err := q.letters(ctx, in.GetId(), in.GetRoom())
	if err != nil {
		return nil, err
	}
	out := &historyv1.WebhooksRetryDeadResponse{}
	for _, d := range letters {
		if in.After != nil && d.After != in.GetAfter() {
			continue
		}
		d.Retry = true
		err := q.service.webhooks.shelf.Bury(ctx, in.GetId(), subject.Partition(d.Room, q.service.partitions), d)
		if errors.Is(err, jetstream.ErrKeyExists) {
			continue // it is delivered just now, or was
		}
		if err != nil {
			return nil, q.away(ctx, err)
		}
		out.Letters++
	}
	q.service.log.InfoContext(ctx, "dead letters of a webhook are retried", "webhook", in.GetId(), "letters", out.Letters)
	return out, nil
}

// webhookProgress is how far the deliveries of a webhook are.
func (s *Service) webhookProgress(ctx context.Context, h shelf.Hook) (*historyv1.WebhookProgress, error) {
	out := &historyv1.WebhookProgress{}
	for p := range h.Starts {
		behind, err := s.recordsBehind(ctx, h, p)
		if err != nil {
			return nil, err
		}
		out.RecordsBehind += behind
	}
	rooms, err := s.webhooks.shelf.AllRooms(ctx, h.ID, waitingMost)
	if err != nil {
		return nil, err
	}
	out.RoomsWaiting = uint32(len(rooms))
	for _, r := range rooms {
		if at := timestamppb.New(r.Since); out.WaitingSince == nil || r.Since.Before(out.WaitingSince.AsTime()) {
			out.WaitingSince, out.Problem = at, r.Problem
		}
	}
	dead, err := s.webhooks.shelf.AllDead(ctx, h.ID)
	out.Dead = uint32(len(dead))
	return out, err
}

func (s *Service) recordsBehind(ctx context.Context, h shelf.Hook, partition int) (uint64, error) {
	stream, err := s.js.Stream(ctx, subject.LogStream(partition))
	if err != nil {
		return 0, fmt.Errorf("the log of partition %d: %w", partition, err)
	}
	start, err := s.webhooks.standing(ctx, h, partition, stream)
	if last := stream.CachedInfo().State.LastSeq; err == nil && last >= start.Sequence {
		return last - start.Sequence + 1, nil
	}
	return 0, err
}

// toBeginning moves a webhook's place in a partition to where the log begins,
// if that does not reach back to it.
func (h *webhooks) toBeginning(ctx context.Context, hook shelf.Hook, partition int, log jetstream.Stream) error {
	place, err := h.shelf.Place(ctx, hook.ID, partition)
	if err != nil {
		return err
	}
	start := hook.Starts[partition]
	if place.Revision > 0 {
		if start, err = courier.Standing(ctx, log, place); err != nil {
			return err
		}
	}
	info := log.CachedInfo()
	if courier.Gap(partition, info, start) == nil {
		return nil
	}
	place.Previous, place.Consumer = place.Consumer, ""
	place.Start = shelf.Start{Stream: info.Created.UnixNano(), Sequence: max(info.State.FirstSeq, 1)}
	_, err = h.shelf.KeepPlace(ctx, hook.ID, partition, place)
	return err
}

// isStatus tells whether an error says all that its caller is told.
func isStatus(err error) bool {
	var held interface{ GRPCStatus() *status.Status }
	return errors.As(err, &held)
}
