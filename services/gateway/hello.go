package gateway

import (
	"context"
	"errors"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/internal/token"
)

// greet answers hello: who the user is, and their rooms, which are live then.
func (s *session) greet(re uint32, hello *clientv1.ClientFrame_Hello) {
	g := s.gateway
	claims, err := g.verifier.Verify(hello.GetToken())
	if err != nil {
		s.refuse(re, unauthenticated(err))
		s.close(closeBadToken, "the token does not hold")
		return
	}
	ctx, cancel := context.WithTimeout(g.life, questionTimeout)
	defer cancel()
	arrival := &arrival{session: s, user: claims.User, hello: hello}
	defer arrival.unpin()
	if err := arrival.look(ctx); err != nil {
		s.refuse(re, refusalOf(err))
		s.close(closeGoingAway, "the rooms could not be looked up; come back in a moment")
		return
	}
	welcome := s.encode(&clientv1.ServerFrame{Re: &re, Body: &clientv1.ServerFrame_Welcome_{Welcome: s.welcome(claims, arrival.shown())}})
	var d dirty
	if !s.introduce(claims, hello, welcome, &d) {
		return
	}
	late := arrival.enter(&d)
	d.flush() // the welcome and what was missed, in one write; from here on the client may rely on its rooms
	for _, e := range late {
		e.enterOrSay(g.life)
	}
}

// introduce makes the session one of its user's. Who finds it there may tell
// it things, which come after the welcome.
func (s *session) introduce(claims token.Claims, hello *clientv1.ClientFrame_Hello, welcome []byte, d *dirty) bool {
	g := s.gateway
	u, ok, err := g.users.join(claims.User, s)
	switch {
	case err != nil:
		g.log.Error("the notices to a user cannot be followed", "error", err)
		s.close(closeGoingAway, "the server has lost its own connection; come back in a moment")
		return false
	case !ok:
		s.close(closeManySessions, "this user has too many connections here; close one first")
		return false
	}
	s.mu.Lock()
	if s.ended.Load() {
		s.mu.Unlock()
		g.users.leave(u, s)
		return false
	}
	s.user, s.name, s.agent, s.expires = u, nameOf(claims), hello.GetAgent(), claims.Expires
	g.reporter.began(s, g.users.begin(u, hello.State))
	d.put(s.out(), welcome, durable)
	s.mu.Unlock()
	s.lookAgain()
	g.firstPing(s)
	return true
}

func (s *session) welcome(claims token.Claims, rooms []*chatv1.RoomView) *clientv1.ServerFrame_Welcome {
	g := s.gateway
	return &clientv1.ServerFrame_Welcome{
		Session: s.id,
		User:    &clientv1.ServerFrame_User{Id: claims.User, Name: nameOf(claims), Avatar: present(claims.Avatar)},
		Epoch:   g.deployment.epoch.Load(), Rooms: rooms, Limits: g.limits,
		ServerTime: millis(time.Now().UnixMilli()),
	}
}

// nameOf is the name to show: the token's, or the user's id.
func nameOf(claims token.Claims) string {
	if claims.Name == "" {
		return claims.User
	}
	return claims.Name
}

// unauthenticated is what to tell of a token that does not hold.
func unauthenticated(err error) *chatv1.Refusal {
	var told *token.Error
	if errors.As(err, &told) {
		return fieldRefusal(chatv1.ErrorCode_UNAUTHENTICATED, told.Field, told.Message)
	}
	return fieldRefusal(chatv1.ErrorCode_UNAUTHENTICATED, "token", "the token does not hold")
}

// refresh takes a newer token of the same user.
func (s *session) refresh(re uint32, text string) {
	claims, err := s.gateway.verifier.Verify(text)
	if err != nil {
		s.refuse(re, unauthenticated(err))
		return
	}
	if claims.User != s.user.id {
		s.refuse(re, fieldRefusal(chatv1.ErrorCode_UNAUTHENTICATED, "token", "this is another user's token; make a new connection for them"))
		s.close(closeBadToken, "the token is another user's")
		return
	}
	s.mu.Lock()
	s.name, s.expires = nameOf(claims), claims.Expires
	s.mu.Unlock()
	s.lookAgain() // it may end before the old one
	s.ok(re)
}
