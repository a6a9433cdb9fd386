package gateway

import (
	"context"
	"errors"
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	"github.com/natter-chat/natter/services/gateway/frame"
	"github.com/natter-chat/natter/services/internal/token"
	"github.com/natter-chat/natter/services/internal/tracing"
)

// greet answers hello: who the user is, and their rooms, which are live then.
func (s *session) greet(re uint32, hello *clientv1.ClientFrame_Hello, span *tracing.Span) {
	g := s.gateway
	ctx, cancel := context.WithTimeout(tracing.With(g.life, span), questionTimeout)
	defer cancel()
	claims, err := g.verifier.VerifySeeking(ctx, hello.GetToken())
	if err != nil {
		s.refuse(re, unauthenticated(err))
		if errors.Is(err, token.ErrNoKeys) {
			s.close(closeGoingAway, "tokens cannot be checked now; come back in a moment")
			return
		}
		s.close(closeBadToken, "the token does not hold")
		return
	}
	s.mu.Lock()
	s.hold(claims)
	s.mu.Unlock()
	arrival := &arrival{session: s, user: claims.User, hello: hello}
	defer arrival.unpin()
	began := time.Now()
	ask := g.users.ask(claims.User)
	if err := arrival.look(ctx); err != nil {
		s.refuse(re, refusalOf(err))
		s.close(closeGoingAway, "the rooms could not be looked up; come back in a moment")
		return
	}
	if s.void(arrival.revoked) {
		s.revoked(re)
		return
	}
	ask.wait()
	shown := arrival.shown()
	s.epoch = arrival.epoch
	if s.outdated() { // what was looked at may be of either
		return
	}
	names := arrival.names()
	s.startEntering(names...) // so that a notice does not bring it into them at the same time
	defer s.doneEntering(names...)
	b := g.buffers.take()
	defer g.buffers.free(b)
	b.bytes = frame.AppendWrapped(b.bytes, s.codec, &clientv1.ServerFrame{Re: &re, Body: &clientv1.ServerFrame_Welcome_{Welcome: s.welcome(claims, shown)}})
	var d dirty
	if !s.introduce(re, arrival, b.bytes, ask, &d) {
		return
	}
	late := arrival.enter(&d)
	d.flush() // the welcome and what was missed, in one write; from here on the client may rely on its rooms
	g.sendAwayLate(s)
	for _, e := range late {
		e.enterOrSay(g.life)
	}
	if time.Since(began) > unnoticed {
		g.background(func(ctx context.Context) { g.lookFor(ctx, claims.User) })
	}
}

// unnoticed is how long a hello may take until what was said of the user's
// memberships meanwhile is not said any more.
const unnoticed = 3 * time.Second

// outdated closes the session if the past that it was greeted with is over:
// its seqs mean nothing any more.
func (s *session) outdated() bool {
	if s.epoch == s.gateway.deployment.epoch.Load() {
		return false
	}
	s.close(closeStateLost, "the server's past has changed; begin anew")
	return true
}

// introduce makes the session one of its user's. Who finds it there may tell
// it things, which come after the welcome.
func (s *session) introduce(re uint32, a *arrival, welcome []byte, ask *statusAsk, d *dirty) bool {
	g := s.gateway
	u, ok, err := g.users.join(a.user, s)
	switch {
	case err != nil:
		g.log.ErrorContext(tracing.WithRequest(g.life, s.requestName(re)), "the notices to a user cannot be followed", "error", err)
		s.close(closeGoingAway, "the server has lost its own connection; come back in a moment")
		return false
	case !ok:
		s.close(closeManySessions, "this user has too many connections here; close one first")
		return false
	}
	// A revocation may have come since history was asked.
	g.users.revoke(a.user, max(a.revoked, g.revocations.late(a.user)))
	if s.void(g.users.revokedBefore(u)) {
		g.users.leave(u, s)
		s.revoked(re)
		return false
	}
	s.mu.Lock()
	if s.ended.Load() {
		s.mu.Unlock()
		g.users.leave(u, s)
		return false
	}
	s.user, s.agent = u, a.hello.GetAgent()
	said, fresh := g.users.begin(u, s, a.hello.State, ask)
	d.put(s.out(), welcome, durable)
	if said.ms != 0 {
		d.put(s.out(), s.encode(said.frame(u.id)), durable)
	}
	s.mu.Unlock()
	if fresh {
		g.tellStatus(u.id, said)
	}
	s.lookAgain()
	g.firstPing(s)
	return true
}

func (s *session) welcome(claims token.Claims, rooms []*chatv1.RoomView) *clientv1.ServerFrame_Welcome {
	g := s.gateway
	return &clientv1.ServerFrame_Welcome{
		Session: s.id,
		User:    &clientv1.ServerFrame_User{Id: claims.User, Name: nameOf(claims), Avatar: present(claims.Avatar)},
		Epoch:   s.epoch, Rooms: rooms, Limits: g.limits.Load(),
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

// void tells whether the session's token is made void by a revocation of those
// issued before a time. One that does not say when it was issued counts as old.
func (s *session) void(before int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.issued < before
}

// revoked ends a session whose token is void.
func (s *session) revoked(re uint32) {
	s.refuse(re, voidToken())
	s.close(closeRevoked, "the token was revoked; sign in anew")
}

func voidToken() *chatv1.Refusal {
	return fieldRefusal(chatv1.ErrorCode_UNAUTHENTICATED, "token", "the token was revoked; sign in anew for one that is issued later")
}

// unauthenticated is what to tell of a token that does not hold.
func unauthenticated(err error) *chatv1.Refusal {
	var told *token.Error
	if errors.As(err, &told) {
		if errors.Is(err, token.ErrNoKeys) {
			return fieldRefusal(chatv1.ErrorCode_UNAVAILABLE, told.Field, told.Message)
		}
		return fieldRefusal(chatv1.ErrorCode_UNAUTHENTICATED, told.Field, told.Message)
	}
	return fieldRefusal(chatv1.ErrorCode_UNAUTHENTICATED, "token", "the token does not hold")
}

// refresh takes a newer token of the same user.
func (s *session) refresh(re uint32, text string) {
	span := s.traced("refresh", "")
	claims, err := s.gateway.verifier.Verify(text)
	if !errors.Is(err, token.ErrUnknownKey) && !errors.Is(err, token.ErrNoKeys) {
		s.renew(re, claims, err, span)
		return
	}
	s.gateway.background(func(ctx context.Context) { // newer keys have to be waited for
		claims, err := s.gateway.verifier.VerifySeeking(ctx, text)
		s.renew(re, claims, err, span)
	})
}

// renew goes on with what a refresh brought. A token that may not be the
// session's ends it.
func (s *session) renew(re uint32, claims token.Claims, err error, span *tracing.Span) {
	defer span.End()
	if err != nil {
		r := unauthenticated(err)
		span.Fail(r.GetCode().String())
		s.refuse(re, r)
		return
	}
	if claims.User != s.user.id {
		span.Fail(chatv1.ErrorCode_UNAUTHENTICATED.String())
		s.refuse(re, fieldRefusal(chatv1.ErrorCode_UNAUTHENTICATED, "token", "this is another user's token; make a new connection for them"))
		s.close(closeBadToken, "the token is another user's")
		return
	}
	s.mu.Lock()
	s.hold(claims)
	s.mu.Unlock()
	if s.void(s.gateway.users.revokedBefore(s.user)) {
		span.Fail(chatv1.ErrorCode_UNAUTHENTICATED.String())
		s.revoked(re)
		return
	}
	s.lookAgain() // it may end before the old one
	s.ok(re)
}
