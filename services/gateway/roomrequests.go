package gateway

import (
	"context"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/natsx"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// handleChange translates a change of a room; its rules are the owner's.
func (s *session) handleChange(f *clientv1.ClientFrame) {
	re := f.GetId()
	switch r := f.GetRequest().(type) {
	case *clientv1.ClientFrame_CreateRoom_:
		s.createRoom(re, r.CreateRoom)
	case *clientv1.ClientFrame_OpenDirect_:
		other := r.OpenDirect.GetUser()
		s.changeThenEnter(re, subject.DirectRoom(s.user.id, other), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_OpenDirect{OpenDirect: &chatv1.OpenDirect{User: other}}
		})
	case *clientv1.ClientFrame_UpdateRoom_:
		s.change(re, r.UpdateRoom.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Update{Update: &chatv1.UpdateRoom{
				Name: r.UpdateRoom.Name, Topic: r.UpdateRoom.Topic,
				SlowModeSeconds: r.UpdateRoom.SlowModeSeconds, Archived: r.UpdateRoom.Archived,
			}}
		})
	case *clientv1.ClientFrame_DeleteRoom_:
		s.change(re, r.DeleteRoom.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_DeleteRoom{DeleteRoom: &chatv1.DeleteRoom{}}
		})
	case *clientv1.ClientFrame_Join_:
		s.changeThenEnter(re, r.Join.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Join{Join: &chatv1.Join{}}
		})
	case *clientv1.ClientFrame_Leave_:
		s.change(re, r.Leave.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Leave{Leave: &chatv1.Leave{}}
		})
	default:
		s.handleMembership(f)
	}
}

func (s *session) createRoom(re uint32, r *clientv1.ClientFrame_CreateRoom) {
	room := r.GetRoom()
	if room == "" {
		room = natsx.Instance() + natsx.Instance() // before the first attempt: a retry must not make a second room
	}
	if subject.IsDirectRoom(room) {
		s.refuse(re, fieldRefusal(chatv1.ErrorCode_BAD_REQUEST, "room", "ids of this form are kept for direct rooms; choose another"))
		return
	}
	s.changeThenEnter(re, room, func(c *chatv1.Command) {
		c.Change = &chatv1.Command_Create{Create: &chatv1.CreateRoom{
			Name: r.GetName(), Kind: r.GetKind(), Topic: r.GetTopic(), Members: r.GetMembers(),
		}}
	})
}

// watch makes a room live without joining it, also one that is live already.
func (s *session) watch(re uint32, r *clientv1.ClientFrame_Watch) {
	span := s.traced("watch", r.GetRoom())
	s.enqueue(r.GetRoom(), job{re: re, span: span, work: func(_ time.Time, next func()) {
		s.gateway.crew.do(s.gateway, func(ctx context.Context) {
			defer next()
			defer span.End()
			s.admit(tracing.With(ctx, span), re, r.GetRoom(), r.Seq)
		})
	}})
}

// unwatch ends a room's events on this session.
func (s *session) unwatch(re uint32, room string) {
	span := s.traced("unwatch", room)
	s.enqueue(room, job{re: re, span: span, work: func(_ time.Time, next func()) {
		defer next()
		defer span.End()
		if seat := s.seatOf(room); seat != nil {
			seat.feed.mu.Lock()
			seat.feed.leave(seat)
			last := seat.feed.last
			seat.feed.mu.Unlock()
			s.forgo(room, last)
		}
		s.ok(re)
	}})
}

// forgo notes that the client wants no events of a room that went so far.
func (s *session) forgo(room string, last uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.unwatched == nil || len(s.unwatched) >= maxUnwatched {
		s.unwatched = map[string]uint32{}
	}
	s.unwatched[room] = last
}

// knew is how far a room went when the client unwatched it; 0 if it did not.
func (s *session) knew(room string) uint32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unwatched[room]
}
