package chaos

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
	"github.com/natter-chat/natter/services/e2e/chaos/workload"
	"github.com/natter-chat/natter/services/e2e/harness/admin"
)

// finish lets all come to rest, and reads what is stored.
func (r *run) finish(ctx context.Context) error {
	if err := r.crowd.Settle(ctx, recovery); err != nil {
		return err
	}
	client, err := admin.Dial(r.deployment.History, r.deployment.AdminToken)
	if err != nil {
		return err
	}
	defer client.Close()
	a := &archive{client: client, crowd: r.crowd}
	r.crowd.Leave()
	heads, err := a.rest(ctx)
	if err != nil {
		return err
	}
	r.recorder.Quiet()
	// What does not come, the checker finds, with what is missing.
	if err := r.crowd.CatchUp(ctx, heads, r.Rest); err != nil {
		r.Log(err.Error())
	}
	if err := r.crowd.Presence(ctx, r.Rest); err != nil {
		r.Log(err.Error())
	}
	for room := range heads {
		stored, err := a.room(ctx, room)
		if err != nil {
			return err
		}
		if err := r.recorder.Room(stored); err != nil {
			return err
		}
	}
	return nil
}

// archive is what is stored, as an admin reads it.
type archive struct {
	client *admin.Client
	crowd  *workload.Crowd
}

// rest waits until no room goes any further: what somebody asked for who went
// away meanwhile may still be done.
func (a *archive) rest(ctx context.Context) (map[string]uint32, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, recovery, fmt.Errorf("the rooms do not come to rest within %s", recovery))
	defer cancel()
	var before map[string]uint32
	var trouble error
	for since := time.Now(); ; {
		heads, err := a.heads(ctx)
		switch {
		case ctx.Err() != nil:
			return nil, errors.Join(context.Cause(ctx), trouble)
		case err != nil, !maps.Equal(heads, before):
			before, since, trouble = heads, time.Now(), err
		case time.Since(since) > 2*time.Second:
			return heads, nil
		}
		wait(ctx, 100*time.Millisecond)
	}
}

// heads of all rooms that there are; an error as long as one is behind what was
// acked.
func (a *archive) heads(ctx context.Context) (map[string]uint32, error) {
	heads := map[string]uint32{}
	for _, room := range workload.Rooms() {
		got, err := a.client.Rooms.Get(ctx, &historyv1.GetRequest{Room: room}, grpc.WaitForReady(true))
		if status.Code(err) == codes.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		if heads[room] = got.GetRoom().GetHead(); heads[room] < a.crowd.Head(room) {
			return nil, fmt.Errorf("the store has %s to %d, and it is known to go to %d", room, heads[room], a.crowd.Head(room))
		}
	}
	return heads, nil
}

// page is the most of an answer.
const page = 100

func (a *archive) room(ctx context.Context, id string) (*history.Room, error) {
	ctx, cancel := context.WithTimeout(ctx, recovery)
	defer cancel()
	got, err := a.client.Rooms.Get(ctx, &historyv1.GetRequest{Room: id}, grpc.WaitForReady(true))
	if err != nil {
		return nil, err
	}
	r := &history.Room{Room: id, Kind: got.GetRoom().GetKind().String(), Head: got.GetRoom().GetHead(), MemberCount: got.GetRoom().GetMemberCount()}
	events, err := a.client.Log(ctx, id, r.Head)
	if err != nil {
		return nil, err
	}
	for _, e := range events {
		r.Events = append(r.Events, event(e))
	}
	for after, more := uint32(0), true; more; {
		list, err := a.client.Messages.List(ctx, &historyv1.MessagesListRequest{Room: id, After: &after, Limit: page, MinSeq: r.Head}, grpc.WaitForReady(true))
		if err != nil {
			return nil, err
		}
		for _, m := range list.GetMessages() {
			after = m.GetSeq()
			r.Messages = append(r.Messages, message(m))
		}
		more = list.GetHasAfter()
	}
	for cursor, more := "", true; more; {
		list, err := a.client.Rooms.ListMembers(ctx, &historyv1.ListMembersRequest{Room: id, Cursor: cursor, Limit: page, MinSeq: r.Head}, grpc.WaitForReady(true))
		if err != nil {
			return nil, err
		}
		for _, m := range list.GetMembers() {
			r.Members = append(r.Members, member(m))
		}
		cursor = list.GetCursor()
		more = cursor != ""
	}
	return r, nil
}
