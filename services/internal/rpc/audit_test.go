package rpc_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	accessv1 "github.com/natter-chat/natter/proto/natter/access/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"

	"github.com/natter-chat/natter/services/internal/audit"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/logtest"
)

// messages and users do well, panic and fail.
type messages struct {
	historyv1.UnimplementedMessagesServer
}

type users struct {
	historyv1.UnimplementedUsersServer
}

func (messages) Post(context.Context, *historyv1.PostRequest) (*historyv1.PostResponse, error) {
	return &historyv1.PostResponse{}, nil
}

func (messages) Get(context.Context, *historyv1.MessagesGetRequest) (*historyv1.MessagesGetResponse, error) {
	panic("a fault")
}

func (users) Erase(_ *historyv1.EraseRequest, stream grpc.ServerStreamingServer[historyv1.EraseResponse]) error {
	return errors.New("sql: a detail")
}

// TestAudit: each call of an admin leaves one record, granted, refused or
// failed, with who, what, on whom, from where and the outcome; what was said,
// and tokens, are in none, nor in the log. Services leave one where they ask for
// what is not for them.
func TestAudit(t *testing.T) {
	path, minted := tokensFile(t, "reader read")
	var log logtest.Page
	cfg := tokens()
	cfg.Tokens, cfg.Log = path, slog.New(slog.NewTextHandler(&log, nil))
	s, addr := serve(t, cfg, whoami, func(r grpc.ServiceRegistrar) {
		historyv1.RegisterMessagesServer(r, messages{})
		historyv1.RegisterUsersServer(r, users{})
	})
	kept := make(chan *accessv1.AuditRecord, 100)
	go s.Audit(func(_ context.Context, r *accessv1.AuditRecord) error { kept <- r; return nil })(t.Context())

	const said = "What nobody else may read"
	admin, reader, service := dial(t, addr, adminToken, config.TLS{}), dial(t, addr, minted["reader read"], config.TLS{}), dial(t, addr, serviceToken, config.TLS{})
	post := &historyv1.PostRequest{Room: "lobby", User: "ana", Name: said, Text: said, ClientMsgId: "x"}
	ctx := metadata.AppendToOutgoingContext(t.Context(), "natter-request-id", "r-1", "x-forwarded-for", "192.0.2.7")
	for _, c := range []struct {
		what string
		call func() error
		want *accessv1.AuditRecord // nil: none
	}{
		{"granted", func() error { _, err := historyv1.NewMessagesClient(admin).Post(ctx, post); return err },
			&accessv1.AuditRecord{Service: "history", Who: "admin", Method: "/natter.history.v1.Messages/Post", Room: "lobby", User: "ana", Code: "OK", Request: "r-1", Forwarded: "192.0.2.7"}},
		{"without the scope", func() error { _, err := historyv1.NewMessagesClient(reader).Post(ctx, post); return err },
			&accessv1.AuditRecord{Service: "history", Who: "reader", Method: "/natter.history.v1.Messages/Post", Room: "lobby", User: "ana", Code: "PermissionDenied", Request: "r-1", Forwarded: "192.0.2.7"}},
		{"by a service", func() error { _, err := historyv1.NewMessagesClient(service).Post(ctx, post); return err },
			&accessv1.AuditRecord{Service: "history", Who: "service", Method: "/natter.history.v1.Messages/Post", Room: "lobby", User: "ana", Code: "PermissionDenied", Request: "r-1", Forwarded: "192.0.2.7"}},
		{"a service's own", func() error { _, err := call(ctx, service); return err }, nil},
		{"a panic", func() error {
			_, err := historyv1.NewMessagesClient(reader).Get(t.Context(), &historyv1.MessagesGetRequest{Room: "lobby", Seq: 9})
			return err
		}, &accessv1.AuditRecord{Service: "history", Who: "reader", Method: "/natter.history.v1.Messages/Get", Room: "lobby", Seq: 9, Code: "Internal"}},
		{"a stream that fails", func() error {
			stream, err := historyv1.NewUsersClient(admin).Erase(t.Context(), &historyv1.EraseRequest{User: "ana"})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		}, &accessv1.AuditRecord{Service: "history", Who: "admin", Method: "/natter.history.v1.Users/Erase", User: audit.Pseudonym("ana"), Code: "Internal"}},
		{"a stream that is refused", func() error {
			stream, err := historyv1.NewUsersClient(reader).Erase(t.Context(), &historyv1.EraseRequest{User: "ana"})
			if err == nil {
				_, err = stream.Recv()
			}
			return err
		}, &accessv1.AuditRecord{Service: "history", Who: "reader", Method: "/natter.history.v1.Users/Erase", User: audit.Pseudonym("ana"), Code: "PermissionDenied"}},
		{"what is too long", func() error {
			_, err := historyv1.NewMessagesClient(admin).Post(t.Context(), &historyv1.PostRequest{Room: strings.Repeat("é", 100), User: strings.Repeat("a", 200)})
			return err
		}, &accessv1.AuditRecord{Service: "history", Who: "admin", Method: "/natter.history.v1.Messages/Post", Room: strings.Repeat("é", 64), User: strings.Repeat("a", 128), Code: "OK"}},
	} {
		err := c.call()
		if c.want == nil {
			continue // a record of it would come before the next
		}
		var got *accessv1.AuditRecord
		select {
		case got = <-kept:
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: no record (%v)", c.what, err)
		}
		if got.GetId() == "" || got.GetRequest() == "" || !strings.HasPrefix(got.GetAddress(), "127.0.0.1:") || time.Since(got.GetTime().AsTime()).Abs() > time.Minute {
			t.Errorf("%s: the record is %v", c.what, got)
		}
		if c.want.Request == "" {
			c.want.Request = got.Request
		}
		c.want.Id, c.want.Time, c.want.Address, c.want.DurationMs = got.Id, got.Time, got.Address, got.DurationMs
		if got.String() != c.want.String() {
			t.Errorf("%s: the record is\n%v, want\n%v", c.what, got, c.want)
		}
		text := log.Take()
		if !strings.Contains(text, "who="+c.want.Who) || !strings.Contains(text, "code="+c.want.Code) || !strings.Contains(text, "request="+got.Request) {
			t.Errorf("%s: the log says %q", c.what, text)
		}
		for _, secret := range []string{said, adminToken, serviceToken, minted["reader read"]} {
			if strings.Contains(text+got.String(), secret) {
				t.Errorf("%s: the log or the record holds %q", c.what, secret)
			}
		}
	}
}

// TestCallsHaveAnID that the caller is told.
func TestCallsHaveAnID(t *testing.T) {
	_, addr := serve(t, tokens(), whoami)
	conn := dial(t, addr, adminToken, config.TLS{})
	var header metadata.MD
	if _, err := call(t.Context(), conn, grpc.Header(&header)); err != nil || len(header.Get("natter-request-id")) != 1 || len(header.Get("natter-request-id")[0]) < 20 {
		t.Errorf("%v, %v", header, err)
	}
}

// TestAnAuditThatIsAway stops nobody.
func TestAnAuditThatIsAway(t *testing.T) {
	s, addr := serve(t, tokens(), whoami)
	conn := dial(t, addr, adminToken, config.TLS{})
	away := make(chan struct{})
	asked := make(chan struct{}, 10_000)
	kept := make(chan *accessv1.AuditRecord, 10)
	go s.Audit(func(_ context.Context, r *accessv1.AuditRecord) error {
		select {
		case <-away:
			kept <- r
			return nil
		default:
			asked <- struct{}{}
			return errors.New("it is away")
		}
	})(t.Context())
	for range 3 {
		if _, err := call(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
	}
	<-asked
	close(away)
	for range 3 {
		select {
		case r := <-kept:
			if r.GetCode() != codes.OK.String() {
				t.Errorf("kept is %v", r)
			}
		case <-time.After(30 * time.Second):
			t.Fatal("a record from when it was away is lost")
		}
	}
}
