package gateway

import (
	"context"
	"errors"
	"strconv"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/internal/rpc"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// queryTimeout bounds a question to history's store.
const queryTimeout = 10 * time.Second

// query asks something of a kind in a goroutine of the crew, and answers with what comes of it. A
// session may have so many under way.
func (s *session) query(re uint32, kind string, ask func(ctx context.Context) (*clientv1.ServerFrame, error)) {
	s.inquire(re, kind, func(ctx context.Context) (func(), error) {
		answer, err := ask(ctx)
		return func() { s.reply(re, answer) }, err
	})
}

// inquire is query where the answer is given by what ask returns.
func (s *session) inquire(re uint32, kind string, ask func(ctx context.Context) (give func(), err error)) {
	s.mu.Lock()
	busy := s.asking >= askingAtOnce
	if !busy {
		s.asking++
	}
	s.mu.Unlock()
	if busy {
		s.limited(re, 100*time.Millisecond, "too many questions are under way; wait for their answers")
		return
	}
	span := s.gateway.traceOf()
	span.Text("natter.request", kind)
	asked := time.Now()
	s.gateway.crew.do(s.gateway, func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(rpc.AsUser(tracing.WithRequest(tracing.With(ctx, span), s.requestName(re)), s.user.id), queryTimeout)
		defer cancel()
		give, err := ask(ctx)
		defer span.End()
		s.mu.Lock()
		s.asking--
		s.mu.Unlock()
		if err != nil {
			refusal := queryRefusal(err)
			s.gateway.metrics.took(kind, refusal.GetCode(), asked)
			span.Fail(refusal.GetCode().String())
			s.refuse(re, refusal)
			return
		}
		give()
		s.gateway.metrics.took(kind, chatv1.ErrorCode_ERROR_CODE_UNSPECIFIED, asked)
	})
}

// requestName is what logs call a request of the session by.
func (s *session) requestName(re uint32) string {
	return s.id + "-" + strconv.FormatUint(uint64(re), 10)
}

func (s *session) listMessages(re uint32, r *clientv1.ClientFrame_Messages) {
	if s.giveKept(re, r) {
		return
	}
	seat := s.seatOf(r.GetRoom())
	request := &historyv1.MessagesListRequest{
		Room: r.GetRoom(), Before: r.Before, After: r.After, Around: r.Around, Thread: r.Thread,
		Limit: r.GetLimit(), MinSeq: seat.seen(),
	}
	s.inquire(re, "messages", func(ctx context.Context) (func(), error) {
		page, err := s.gateway.messages.List(ctx, request, rpc.ReadOnly{})
		if err != nil {
			return nil, err
		}
		messages := page.GetMessages()
		answer := &clientv1.ServerFrame{Body: &clientv1.ServerFrame_Page_{Page: &clientv1.ServerFrame_Page{
			Room: request.GetRoom(), Messages: messages, HasBefore: page.GetHasBefore(), HasAfter: page.GetHasAfter(),
		}}}
		known := page.GetHead()
		if len(messages) > 0 {
			known = max(known, messages[len(messages)-1].GetSeq())
		}
		s.told(request.GetRoom(), known)
		if newest(r) && re != 0 {
			if body := s.keep(seat, r.GetLimit(), page, answer); body != nil {
				return func() { s.give(re, body) }, nil
			}
		}
		return func() { s.reply(re, answer) }, nil
	})
}

func (s *session) listRooms(re uint32, r *clientv1.ClientFrame_Rooms) {
	request := &historyv1.ListRequest{Query: r.GetQuery(), Cursor: r.GetCursor(), Limit: r.GetLimit()}
	s.query(re, "rooms", func(ctx context.Context) (*clientv1.ServerFrame, error) {
		list, err := s.gateway.rooms.List(ctx, request)
		if err != nil {
			return nil, err
		}
		for _, view := range list.GetRooms() {
			view.Resume = chatv1.Resume_FRESH
			s.told(view.GetRoom(), view.GetHead())
		}
		return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_RoomList_{RoomList: &clientv1.ServerFrame_RoomList{
			Rooms: list.GetRooms(), Cursor: present(list.GetCursor()),
		}}}, nil
	})
}

func (s *session) listMembers(re uint32, r *clientv1.ClientFrame_Members) {
	request := &historyv1.ListMembersRequest{Room: r.GetRoom(), Cursor: r.GetCursor(), Limit: r.GetLimit(), MinSeq: s.seen(r.GetRoom())}
	s.query(re, "members", func(ctx context.Context) (*clientv1.ServerFrame, error) {
		list, err := s.gateway.rooms.ListMembers(ctx, request)
		if err != nil {
			return nil, err
		}
		members := make([]*clientv1.ServerFrame_Member, len(list.GetMembers()))
		for i, m := range list.GetMembers() {
			members[i] = &clientv1.ServerFrame_Member{User: m.GetUser(), Name: m.GetName(), Role: m.GetRole()}
		}
		s.showMembers(ctx, request.GetRoom(), members)
		return &clientv1.ServerFrame{Body: &clientv1.ServerFrame_MemberList_{MemberList: &clientv1.ServerFrame_MemberList{
			Members: members, Cursor: present(list.GetCursor()),
		}}}, nil
	})
}

// seen is the last event that the session may have seen of a room: an answer
// must not be older than that.
func (s *session) seen(room string) uint32 { return s.seatOf(room).seen() }

func (s *seat) seen() uint32 {
	if s == nil {
		return 0
	}
	return s.feed.lastSeq()
}

// queryRefusal is what to tell the client of a failed query.
func queryRefusal(err error) *chatv1.Refusal {
	var r *refused
	if errors.As(err, &r) {
		return r.Refusal
	}
	return rpc.RefusalOf(err)
}
