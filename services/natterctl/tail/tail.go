// Package tail holds the command that follows a room.
package tail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// again is how long to wait before following again where the connection ended.
const again = time.Second

// Tail is `tail`.
type Tail struct {
	command.Long

	Room  string  `arg:"" help:"Room id."`
	Last  uint32  `default:"10" help:"Begin with so many events of before."`
	After *uint32 `help:"Begin after this seq instead; 0: with the room's first event." placeholder:"SEQ"`
	Count uint64  `help:"End after so many events; 0: never." placeholder:"NUMBER"`
}

// Run shows events until it is stopped or the room ends. Each has a seq, and
// where the connection is lost it goes on after the last one: none is left out
// or shown twice.
func (t *Tail) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	f := &follower{env: env, room: t.Room, left: t.Count, endless: t.Count == 0}
	if err := f.begin(ctx, client, t); err != nil {
		return err
	}
	for {
		err := f.follow(ctx, client)
		switch {
		case ctx.Err() != nil, errors.Is(err, errEnough):
			return nil
		case errors.Is(err, io.EOF):
			fmt.Fprintln(env.Stderr, "the room was deleted")
			return nil
		case !passing(err):
			return err
		}
		fmt.Fprintf(env.Stderr, "the connection ended, trying again: %s\n", command.Clean(status.Convert(err).Message()))
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(again):
		}
	}
}

// passing tells whether what failed may succeed again.
func passing(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted:
		return true
	}
	return false
}

// errEnough says that as many events were shown as were asked for.
var errEnough = errors.New("enough")

// follower knows how far it is.
type follower struct {
	env     *command.Env
	room    string
	after   uint32
	left    uint64
	endless bool
}

// begin finds where to start; that the room is not there is told at once.
func (f *follower) begin(ctx context.Context, client *command.Client, t *Tail) error {
	if t.After != nil { // the follower is told whether the room is there
		f.after = *t.After
		return nil
	}
	room, err := client.Rooms.Get(ctx, &historyv1.GetRequest{Room: t.Room})
	if err != nil {
		return err
	}
	if head := room.GetRoom().GetHead(); head > t.Last {
		f.after = head - t.Last
	}
	return nil
}

func (f *follower) follow(ctx context.Context, client *command.Client) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := client.Messages.Follow(ctx, &historyv1.FollowRequest{Room: f.room, After: f.after})
	if err != nil {
		return err
	}
	for {
		next, err := stream.Recv()
		if err != nil {
			return err
		}
		for _, e := range next.GetEvents() {
			if e.GetSeq() <= f.after {
				continue
			}
			if err := f.show(e); err != nil {
				return err
			}
			f.after = e.GetSeq()
			if f.left--; f.left == 0 && !f.endless {
				return errEnough
			}
		}
	}
}

// show prints one event on one line.
func (f *follower) show(e *chatv1.Event) error {
	if f.env.Format == command.FormatJSON {
		data, err := protojson.Marshal(e)
		if err != nil {
			return err
		}
		line, err := json.Marshal(json.RawMessage(data)) // without protojson's spaces
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(f.env.Stdout, "%s\n", line)
		return err
	}
	_, err := fmt.Fprintf(f.env.Stdout, "%6d  %s  %-16s  %s\n", e.GetSeq(), command.TimeMS(e.GetTimeMs()), command.Clean(e.GetUser()), command.Clean(said(e)))
	return err
}

// said is what an event says, for a person.
func said(e *chatv1.Event) string {
	if m := e.GetMessage(); m != nil {
		return m.GetText()
	}
	m := e.ProtoReflect()
	field := m.WhichOneof(m.Descriptor().Oneofs().ByName("change"))
	if field == nil {
		return "(something of a later version)"
	}
	details, err := protojson.Marshal(m.Get(field).Message().Interface())
	if text := strings.TrimSpace(string(details)); err == nil && text != "{}" {
		return "* " + field.JSONName() + " " + text
	}
	return "* " + field.JSONName()
}
