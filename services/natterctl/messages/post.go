package messages

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/natterctl/command"
)

// maxText bounds what is read from stdin; the server refuses less.
const maxText = 64 << 10

// Post is `message post`.
type Post struct {
	Room   string `arg:"" help:"Room id."`
	Text   string `arg:"" help:"What to say, at most 16 KiB; - reads it from stdin."`
	User   string `required:"" help:"User id of the author, who need not be a member unless --as-user is set." placeholder:"USER"`
	Name   string `help:"Display name of the author; the user id if there is none, with --as-user the member's."`
	AsUser bool   `help:"On behalf of the user, with the user's rights and no more: who may not write there is refused."`

	ID   string `name:"id" help:"clientMsgId, 1-64 printable characters: with the same one the message is stored once, however often it is sent. Random if there is none." placeholder:"ID"`
	Data string `help:"Attributes of the application: a JSON object of at most 4 KiB." placeholder:"JSON"`
}

// Run sends the message, and tells where it is stored.
func (p *Post) Run(ctx context.Context, env *command.Env, client *command.Client) error {
	req, err := p.request(env.Stdin)
	if err != nil {
		return err
	}
	resp, err := client.Messages.Post(ctx, req)
	if err != nil {
		return unknown(err, req.ClientMsgId)
	}
	return env.Print(resp, func(t *command.Table) {
		t.Row("SEQ", "DUPLICATE", "DURABILITY", "ID")
		t.Row(resp.GetSeq(), command.YesNo(resp.GetDuplicate()), resp.GetDurability(), req.GetClientMsgId())
	})
}

func (p *Post) request(stdin io.Reader) (*historyv1.PostRequest, error) {
	req := &historyv1.PostRequest{Room: p.Room, User: p.User, Name: p.Name, ClientMsgId: p.ID, Text: p.Text, AsUser: p.AsUser}
	if req.ClientMsgId == "" {
		req.ClientMsgId = rand.Text()
	}
	if p.Text == "-" {
		data, err := io.ReadAll(io.LimitReader(stdin, maxText))
		if err != nil {
			return nil, fmt.Errorf("read the text from stdin: %w", err)
		}
		req.Text = strings.TrimRight(string(data), "\r\n")
	}
	if p.Data == "" {
		return req, nil
	}
	req.Data = &structpb.Struct{}
	if err := protojson.Unmarshal([]byte(p.Data), req.Data); err != nil {
		return nil, &command.Advised{Err: errors.New("--data is not a JSON object"), Next: `give one such as --data '{"color": "red"}'.`, Exit: command.ExitUsage}
	}
	return req, nil
}

// unknown adds to an error after which the message may be stored how to make
// sure of it.
func unknown(err error, id string) error {
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return &command.Advised{Err: err, Next: fmt.Sprintf("it may have been stored. Repeat with --id %s: then it is stored once.", command.Clean(id))}
	}
	return err
}
