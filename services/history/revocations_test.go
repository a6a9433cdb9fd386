package history

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/config"
	"github.com/natter-chat/natter/services/internal/natstest"
	"github.com/natter-chat/natter/services/internal/rpc"
)

const (
	usersServiceToken = "the service token of these tests"
	usersAdminToken   = "the admin token of these tests"
)

// users is the gRPC service as the bearer of a token sees it.
func (r *running) users(token string) historyv1.UsersClient {
	return historyv1.NewUsersClient(r.grpc(token))
}

// grpc is a connection of the bearer of a token.
func (r *running) grpc(token string) *grpc.ClientConn {
	r.t.Helper()
	server, err := rpc.NewServer(rpc.ServerConfig{ServiceToken: usersServiceToken, AdminToken: usersAdminToken})
	if err != nil {
		r.t.Fatal(err)
	}
	r.Register(server)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	go func() { _ = server.Serve(l) }()
	r.t.Cleanup(server.Stop)
	conn, err := rpc.Dial(l.Addr().String(), token, config.TLS{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// askHistory asks as a gateway does.
func (r *running) askHistory(ask *chatv1.HistoryAsk) *chatv1.HistoryAskReply {
	r.t.Helper()
	data, err := proto.Marshal(ask)
	if err != nil {
		r.t.Fatal(err)
	}
	msg, err := r.gateway.Request(subject.HistoryAsk, data, 20*time.Second)
	if err != nil {
		r.t.Fatal(err)
	}
	reply := &chatv1.HistoryAskReply{}
	if err := proto.Unmarshal(msg.Data, reply); err != nil {
		r.t.Fatal(err)
	}
	return reply
}

func (r *running) revokedAfter(revision uint64) *chatv1.Revocations {
	r.t.Helper()
	return r.askHistory(&chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Revocations{Revocations: &chatv1.AskRevocations{After: revision}}}).GetRevocations()
}

func (r *running) revokedBefore(user string) int64 {
	r.t.Helper()
	return r.askHistory(&chatv1.HistoryAsk{Question: &chatv1.HistoryAsk_Rooms{Rooms: &chatv1.AskRooms{User: user, Limit: 1}}}).GetRooms().GetRevokedBeforeMs()
}

func at(ms int64) *timestamppb.Timestamp { return timestamppb.New(time.UnixMilli(ms)) }

func TestRevokeIsHeardKeptAndOnlyRises(t *testing.T) {
	server, dir := natstest.Start(t), t.TempDir()
	h := start(t, server, dir)
	users := h.users(usersAdminToken)
	heard := make(chan *nats.Msg, 10)
	if _, err := h.gateway.ChanSubscribe(subject.AllRevoked, heard); err != nil {
		t.Fatal(err)
	}
	if err := h.gateway.Flush(); err != nil {
		t.Fatal(err)
	}
	const user = "guest:a b.c>*安"
	began := time.Now().UnixMilli()
	answer, err := users.Revoke(t.Context(), &historyv1.RevokeRequest{User: user})
	if err != nil {
		t.Fatal(err)
	}
	now := answer.GetBefore().AsTime().UnixMilli()
	if now < began || now > time.Now().UnixMilli() {
		t.Errorf("revoked before %d; the call began at %d", now, began)
	}
	msg := <-heard
	if id, err := subject.Last(msg.Subject); err != nil || id != user || string(msg.Data) != strconv.FormatInt(now, 10) {
		t.Errorf("a gateway hears %s %s, %v", msg.Subject, msg.Data, err)
	}
	answer, err = users.Revoke(t.Context(), &historyv1.RevokeRequest{User: user, Before: at(1000)})
	if err != nil || answer.GetBefore().AsTime().UnixMilli() != now {
		t.Errorf("an earlier time: %v, %v", answer, err)
	}
	<-heard // again, for who missed it
	if got := h.revokedBefore(user); got != now {
		t.Errorf("a hello is told %d, want %d", got, now)
	}
	if got := h.revokedBefore("ana"); got != 0 {
		t.Errorf("another's hello is told %d", got)
	}
	h.stop()
	again := start(t, server, dir)
	if got := again.revokedBefore(user); got != now {
		t.Errorf("after a restart a hello is told %d, want %d", got, now)
	}
}

func TestRevokeIsForAdmins(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	if _, err := h.users(usersServiceToken).Revoke(t.Context(), &historyv1.RevokeRequest{User: "ana"}); status.Code(err) != codes.PermissionDenied {
		t.Errorf("a gateway revokes: %v", err)
	}
	admin := h.users(usersAdminToken)
	for what, q := range map[string]*historyv1.RevokeRequest{
		"nobody": {}, "a line break": {User: "a\nb"}, "long": {User: fmt.Sprintf("%0129d", 1)},
		"the future": {User: "ana", Before: timestamppb.New(time.Now().Add(time.Hour))}, "no time": {User: "ana", Before: &timestamppb.Timestamp{Nanos: -1}},
	} {
		if _, err := admin.Revoke(t.Context(), q); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", what, err)
		}
	}
	if list := h.revokedAfter(0); len(list.GetRevocations()) != 0 {
		t.Errorf("%v", list)
	}
}

// TestRevocationsAreToldInOrder: a gateway gets what it missed, and nothing
// twice, in parts.
func TestRevocationsAreToldInOrder(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	const count = revocationsPart + 50
	for i := range count { // as if they were read: writing so many takes long
		h.revocations.keep(fmt.Sprint("user-", i), int64(1000+i), uint64(i)+1)
	}
	first := h.revokedAfter(0)
	if len(first.GetRevocations()) != revocationsPart {
		t.Fatalf("%d at once", len(first.GetRevocations()))
	}
	rest := h.revokedAfter(first.GetRevision())
	all := append(first.GetRevocations(), rest.GetRevocations()...)
	if len(all) != count {
		t.Fatalf("%d of %d are told", len(all), count)
	}
	for i, r := range all {
		if r.GetUser() != fmt.Sprint("user-", i) || r.GetBeforeMs() != int64(1000+i) {
			t.Fatalf("number %d is %v", i, r)
		}
	}
	if none := h.revokedAfter(rest.GetRevision()); len(none.GetRevocations()) != 0 || none.GetRevision() != rest.GetRevision() {
		t.Errorf("%v", none)
	}
	if all := h.revokedAfter(1 << 40); len(all.GetRevocations()) != revocationsPart {
		t.Errorf("who knew another bucket is told %d", len(all.GetRevocations()))
	}
}

// TestRevokingAtOnce: of many times for one user the latest holds, on every
// replica.
func TestRevokingAtOnce(t *testing.T) {
	h := start(t, natstest.Start(t), t.TempDir())
	other, err := newRevocations(t.Context(), h.js, 1, h.log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { other.run(ctx) })
	defer wg.Wait()
	defer cancel()
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			if _, err := h.revocations.revoke(t.Context(), "ana", int64(1000+i)); err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	natstest.Eventually(t, 20*time.Second, "both know the latest", func() bool {
		return h.revocations.before("ana") == 1003 && other.before("ana") == 1003
	})
}
