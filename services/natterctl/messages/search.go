package messages

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// Search is `message search`.
type Search struct {
	Query  string     `arg:"" help:"Words, which all have to be there; \"phrases\" as they are; a * after three letters or more stands for any ending. At most 50 words."`
	Room   string     `help:"Only in this room." placeholder:"ROOM"`
	From   string     `help:"Only by this user id." placeholder:"USER"`
	Before *time.Time `help:"Only before this time, such as 2027-01-02T15:04:05Z." placeholder:"TIME"`
	After  *time.Time `help:"Only after this time." placeholder:"TIME"`
	command.List
}

// Run lists the messages found, the newest first.
func (s *Search) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	request := &historyv1.SearchRequest{Query: s.Query, Room: s.Room, From: s.From, Before: timestamp(s.Before), After: timestamp(s.After)}
	hits, cursor, err := command.Pages(s.List, func(cursor string, limit uint32) ([]*historyv1.Hit, string, error) {
		request.Cursor, request.Limit = cursor, limit
		resp, err := client.Messages.Search(ctx, request)
		return resp.GetHits(), resp.GetCursor(), err
	})
	if err != nil {
		return err
	}
	err = env.Print(&historyv1.SearchResponse{Hits: hits, Cursor: cursor}, func(t *command.Table) {
		t.Row("ROOM", "SEQ", "TIME", "USER", "TEXT")
		for _, h := range hits {
			m := h.GetMessage()
			t.Row(h.GetRoom(), m.GetSeq(), command.Time(m.GetTime()), m.GetUser(), h.GetSnippet().GetText())
		}
	})
	command.More(env.Stderr, cursor)
	return err
}

func timestamp(t *time.Time) *timestamppb.Timestamp {
	if t == nil {
		return nil
	}
	return timestamppb.New(*t)
}
