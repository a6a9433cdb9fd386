package natterctl

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
)

func TestPresence(t *testing.T) {
	f := &fixture{here: &presencev1.RoomChanges{Online: 2, Changes: []*clientv1.ServerFrame_UserPresence{
		here("ana", clientv1.PresenceState_ONLINE, ""), here("ben", clientv1.PresenceState_BUSY, "writing"),
	}}}
	f.serve(t)
	natterctl(t, "presence", "room", "lobby").want(t, 0, strings.TrimLeft(`
USER  STATE   TEXT
ana   ONLINE  -
ben   BUSY    writing
`, "\n"), "")
	natterctl(t, "presence", "users", "zoe", "ana").want(t, 0, strings.TrimLeft(`
USER  STATE    TEXT
zoe   OFFLINE  -
ana   ONLINE   -
`, "\n"), "")
}

// Watch tells the room and one change, and refuses to go on from elsewhere.
func (f presenceFixture) Watch(req *presencev1.WatchRequest, stream grpc.ServerStreamingServer[presencev1.WatchResponse]) error {
	if err := f.admit(stream.Context()); err != nil {
		return err
	}
	if req.GetOwner() != "" {
		if req.GetOwner() != "o" || req.GetNumber() != 2 {
			return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_INTERNAL, Message: "it does not go on from the last message"})
		}
		return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_NOT_FOUND, Message: "it is gone"})
	}
	for _, m := range []*presencev1.RoomChanges{
		{Owner: "o", Number: 1, Whole: true, Online: 1, Changes: []*clientv1.ServerFrame_UserPresence{here("ana", clientv1.PresenceState_ONLINE, "")}},
		{Owner: "o", Number: 2, Online: 0, Changes: []*clientv1.ServerFrame_UserPresence{here("ana", clientv1.PresenceState_OFFLINE, "")}},
	} {
		if err := stream.Send(&presencev1.WatchResponse{Room: m}); err != nil {
			return err
		}
	}
	return rpc.Refuse(&chatv1.Refusal{Code: chatv1.ErrorCode_UNAVAILABLE, Message: "this replica stops"})
}

// TestWatch: it goes on where the server that told it stopped.
func TestWatch(t *testing.T) {
	f := &fixture{}
	f.serve(t)
	got := natterctl(t, "presence", "watch", "lobby")
	var lines []string
	for line := range strings.Lines(got.stdout) {
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	want := []string{"here 1 online -", "ana ONLINE -", "changed 0 online -", "ana OFFLINE -"}
	if !slices.Equal(lines, want) || got.exit != 1 || !strings.Contains(got.stderr, "it is gone") {
		t.Errorf("it told %q and ended with %d, %s", lines, got.exit, got.stderr)
	}
}

func TestPresenceOfABigRoom(t *testing.T) {
	f := &fixture{here: &presencev1.RoomChanges{Online: 812}}
	f.serve(t)
	natterctl(t, "presence", "room", "lobby").want(t, 0, "USER  STATE  TEXT\n",
		"812 are online; in a room of this size only their number is told.\n")
}
