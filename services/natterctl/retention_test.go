package natterctl

import (
	"context"
	"testing"

	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
)

// SetRetention has a server that keeps messages for a year where the room has no
// retention of its own.
func (f roomsFixture) SetRetention(_ context.Context, req *historyv1.SetRetentionRequest) (*historyv1.SetRetentionResponse, error) {
	f.retained = req
	inForce := req.Retention
	if inForce == nil {
		inForce = &chatv1.Retention{AgeSeconds: 365 * 24 * 3600}
	}
	return &historyv1.SetRetentionResponse{Room: &chatv1.Room{Room: req.GetRoom(), Retention: req.Retention, Since: 7}, Retention: inForce}, nil
}

func TestRoomsRetention(t *testing.T) {
	f := &fixture{}
	f.serve(t)
	for _, c := range []struct {
		args []string
		want *chatv1.Retention
		told string
	}{
		{[]string{"--age", "90d"}, &chatv1.Retention{AgeSeconds: 90 * 24 * 3600}, "90d (the room's own)"},
		{[]string{"--age", "90m", "--count", "500"}, &chatv1.Retention{AgeSeconds: 5400, Count: 500}, "1h30m0s, 500 messages (the room's own)"},
		{[]string{"--count", "10"}, &chatv1.Retention{Count: 10}, "10 messages (the room's own)"},
		{[]string{"--forever"}, &chatv1.Retention{}, "for ever (the room's own)"},
		{[]string{"--inherit"}, nil, "365d (the server's)"},
	} {
		natterctl(t, append([]string{"rooms", "retention", "lobby", "--yes"}, c.args...)...).want(t, 0, ""+
			"room            lobby\nretention       "+c.told+"\nmessages since  7\n", "")
		if got := f.retained; got.GetRoom() != "lobby" || !proto.Equal(got.Retention, c.want) {
			t.Errorf("%v asked for %v, want %v", c.args, got, c.want)
		}
	}
	f.retained = nil
	for _, args := range [][]string{{}, {"--forever", "--inherit"}, {"--age", "1d", "--forever"}, {"--age", "soon"}, {"--age", "0s"}, {"--age", "500ms"}, {"--age", "99999d"}, {"--age", "-1d"}, {"--count", "-1"}} {
		if r := natterctl(t, append([]string{"rooms", "retention", "lobby", "--yes"}, args...)...); r.exit == 0 || r.stderr == "" || f.retained != nil {
			t.Errorf("%v: exit %d, %q; asked for %v", args, r.exit, r.stderr, f.retained)
		}
	}
}
