package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/natter-chat/natter/services/e2e/harness/client"
	"github.com/natter-chat/natter/services/e2e/harness/shape"
	"github.com/natter-chat/natter/services/e2e/harness/token"
)

// M is a JSON object.
type M = client.M

// session is a client in the hands of one test, which it fails when something
// does not come or is not as the contract says.
type session struct {
	*client.Client
	t       testing.TB
	user    string
	token   string
	welcome *client.Welcome
	sent    atomic.Uint32
}

// gateway i of a deployment; they repeat where there are fewer.
func gateway(d *shape.Deployment, i int) string { return d.Gateways[i%len(d.Gateways)] }

// dial connects to gateway i, without a hello.
func dial(t testing.TB, d *shape.Deployment, i int) *session {
	t.Helper()
	return dialWith(t, d, i, client.Options{})
}

func dialWith(t testing.TB, d *shape.Deployment, i int, o client.Options) *session {
	t.Helper()
	c, err := client.Dial(t.Context(), gateway(d, i), o)
	if err != nil {
		t.Fatalf("connect to gateway %d: %v", i, err)
	}
	s := &session{Client: c, t: t}
	t.Cleanup(func() {
		c.Close()
		if err := c.Faults(); err != nil {
			t.Errorf("%s at gateway %d: %v", s.user, i, err)
		}
	})
	return s
}

// enter begins a session of the user at gateway i.
func enter(t testing.TB, d *shape.Deployment, i int, user string) *session {
	t.Helper()
	return enterWith(t, d, i, user, M{})
}

// enterWith has more fields in its hello.
func enterWith(t testing.TB, d *shape.Deployment, i int, user string, hello M) *session {
	t.Helper()
	s := dial(t, d, i)
	s.greet(user, token.For(user, "Name of "+user).Sign(d.JWTSecret), hello)
	return s
}

// back begins another session of the same user, with what the old one has.
func (s *session) back(d *shape.Deployment, i int) *session {
	s.t.Helper()
	return enterWith(s.t, d, i, s.user, M{"epoch": s.Epoch(), "resume": s.Positions()})
}

func (s *session) greet(user, jwt string, hello M) {
	s.t.Helper()
	s.user, s.token = user, jwt
	fields := M{"token": jwt}
	for name, value := range hello {
		fields[name] = value
	}
	welcome, err := s.Hello(s.t.Context(), fields)
	if err != nil {
		s.t.Fatalf("hello of %s: %v", user, err)
	}
	s.welcome = welcome
}

// do is a request and its answer, of whatever kind.
func (s *session) do(kind string, body M) client.Frame {
	s.t.Helper()
	reply, err := s.Do(s.t.Context(), kind, body)
	if err != nil {
		s.t.Fatalf("%s: %v", s.user, err)
	}
	return reply
}

func (s *session) unexpected(kind string, body M, reply client.Frame) {
	s.t.Helper()
	s.t.Fatalf("%s: %s %v was answered with %s", s.user, kind, body, reply)
}

// ack, view, ok and page are requests that must be answered in this way.
func (s *session) ack(kind string, body M) *client.Ack {
	s.t.Helper()
	reply := s.do(kind, body)
	if reply.Ack == nil {
		s.unexpected(kind, body, reply)
	}
	return reply.Ack
}

func (s *session) view(kind string, body M) *client.View {
	s.t.Helper()
	reply := s.do(kind, body)
	if reply.Room == nil {
		s.unexpected(kind, body, reply)
	}
	return reply.Room
}

func (s *session) ok(kind string, body M) {
	s.t.Helper()
	if reply := s.do(kind, body); reply.OK == nil {
		s.unexpected(kind, body, reply)
	}
}

func (s *session) page(body M) *client.Page {
	s.t.Helper()
	reply := s.do("messages", body)
	if reply.Page == nil {
		s.unexpected("messages", body, reply)
	}
	return reply.Page
}

func (s *session) ping() {
	s.t.Helper()
	if reply := s.do("ping", M{}); reply.Pong == nil {
		s.unexpected("ping", nil, reply)
	}
}

// refused is a request that must fail with the code; field "" is not looked at.
func (s *session) refused(kind string, body M, code, field string) *client.Error {
	s.t.Helper()
	reply := s.do(kind, body)
	if reply.Error == nil || reply.Error.Code != code {
		s.t.Fatalf("%s: %s %v should be refused with %s, and was answered with %s", s.user, kind, body, code, reply)
	}
	if field != "" && (reply.Error.Field == nil || *reply.Error.Field != field) {
		s.t.Fatalf("%s: the refusal of %s %v should name the field %s: %s", s.user, kind, body, field, reply)
	}
	return reply.Error
}

// message is a send that was never sent before.
func (s *session) message(room, text string) M {
	return M{"room": room, "clientMsgId": fmt.Sprintf("%s/%d", s.welcome.Session, s.sent.Add(1)), "text": text, "attempt": 1}
}

// send sends a new message and gives its ack.
func (s *session) send(room, text string) *client.Ack {
	s.t.Helper()
	return s.ack("send", s.message(room, text))
}

// create makes a public room.
func (s *session) create(room string, more M) *client.View {
	s.t.Helper()
	body := M{"room": room, "name": "Room " + room, "kind": "PUBLIC"}
	for name, value := range more {
		body[name] = value
	}
	return s.view("createRoom", body)
}

// await waits for a frame after the mark.
func (s *session) await(what string, mark int, match func(client.Frame) bool) client.Frame {
	s.t.Helper()
	frame, err := s.Await(s.t.Context(), what, mark, match)
	if err != nil {
		s.t.Fatalf("%s: %v", s.user, err)
	}
	return frame
}

// event waits for the event at a seq, whenever it came.
func (s *session) event(room string, seq uint32) *client.Event {
	s.t.Helper()
	return s.await(fmt.Sprintf("seq %d of %s", seq, room), 0, func(f client.Frame) bool {
		return f.Event != nil && f.Event.Room == room && f.Event.Seq == seq
	}).Event
}

// reach waits until the room's events came up to seq.
func (s *session) reach(room string, seq uint32) {
	s.t.Helper()
	if err := s.AwaitSeq(s.t.Context(), room, seq); err != nil {
		s.t.Fatalf("%s: %v", s.user, err)
	}
}

// live waits until the room is live on this session, and gives the view of it.
// Where somebody became a member a moment ago, a new session's welcome may not
// have the room yet; then it comes by itself.
func (s *session) live(room string) *client.View {
	s.t.Helper()
	var view *client.View
	s.await(room+" live", 0, func(f client.Frame) bool {
		view = viewIn(f, room)
		return view != nil
	})
	return view
}

func viewIn(f client.Frame, room string) *client.View {
	if f.Room != nil && f.Room.Room == room {
		return f.Room
	}
	if f.Welcome == nil {
		return nil
	}
	for i := range f.Welcome.Rooms {
		if f.Welcome.Rooms[i].Room == room {
			return &f.Welcome.Rooms[i]
		}
	}
	return nil
}

// gone waits until the room ends on this session.
func (s *session) gone(room string) *client.Gone {
	s.t.Helper()
	return s.await("gone of "+room, 0, func(f client.Frame) bool { return f.Gone != nil && f.Gone.Room == room }).Gone
}

// closed waits for the end of the connection, which must have the code.
func (s *session) closed(code int) {
	s.t.Helper()
	end, err := s.AwaitClose(s.t.Context())
	if err != nil {
		s.t.Fatalf("%s: %v", s.user, err)
	}
	if end.Code != code {
		s.t.Fatalf("%s: %v, and not with %d", s.user, end, code)
	}
}

// get is a plain HTTP request to a gateway.
func get(t testing.TB, url string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), client.Patience)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	return response
}
