package presence

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
	"github.com/natter-chat/natter/services/internal/direct"
	"github.com/natter-chat/natter/services/internal/natsx"
)

// version of the service as NATS tools show it.
const version = "0.1.0"

// listen subscribes to all that a replica hears; stop ends it.
func (s *Service) listen() (stop func() error, err error) {
	var stops []func() error
	stop = func() error {
		var errs []error
		for _, stop := range stops {
			errs = append(errs, stop())
		}
		return errors.Join(errs...)
	}
	for name, box := range map[string]chan *nats.Msg{
		subject.AllPresenceIn: s.box.gateways,
		subject.PresencePeers: s.box.peers,
	} {
		sub, err := s.nc.ChanSubscribe(name, box)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("listen to %s: %w", name, err), stop())
		}
		stops = append(stops, func() error { return ended(sub.Unsubscribe()) })
	}
	service, err := s.register()
	if err != nil {
		return nil, errors.Join(err, stop())
	}
	leave := s.exchange.Serve(subject.PresenceAsk, s.offer)
	stops = append(stops, func() error {
		leave()
		return ended(service.Stop())
	})
	return stop, nil
}

// ended takes no offence at a connection that is closed already.
func ended(err error) error {
	if errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, nats.ErrBadSubscription) {
		return nil
	}
	return err
}

// register makes the replica known to NATS tools, and takes questions.
func (s *Service) register() (micro.Service, error) {
	service, err := micro.AddService(s.nc, micro.Config{
		Name: "natter-presence", Version: version, Description: "who is here in natter",
		Metadata: map[string]string{"replica": s.name}, QueueGroup: subject.PresenceQueue,
	})
	if err != nil {
		return nil, fmt.Errorf("register with NATS: %w", err)
	}
	err = service.AddEndpoint("ask", natsx.Inboxed(micro.HandlerFunc(s.take)), micro.WithEndpointSubject(subject.PresenceAsk))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("register with NATS: %w", err), service.Stop())
	}
	return service, nil
}

// offer takes a question about a user from within the process. Those about a room
// may have to go to another replica, which answers by NATS.
func (s *Service) offer(r direct.Request) (taken bool) {
	ask := &presencev1.PresenceAsk{}
	if proto.Unmarshal(r.Data, ask) != nil || ask.GetUser() == "" || ask.GetRoom() != "" {
		return false
	}
	q := question{PresenceAsk: ask, respond: r.Respond, came: time.Now()}
	if s.box.atOnce(q) {
		return true
	}
	select {
	case s.box.questions <- q:
		return true
	default:
		return false
	}
}

// take gives a question to the loop, which answers it.
func (s *Service) take(r micro.Request) {
	ask := &presencev1.PresenceAsk{}
	if proto.Unmarshal(r.Data(), ask) != nil || (ask.GetRoom() == "") == (ask.GetUser() == "") {
		s.metrics.malformed.Inc()
		_ = r.Error("400", "this is not a natter.presence.v1.PresenceAsk that names a room, or a user", nil)
		return
	}
	select {
	case s.box.questions <- question{PresenceAsk: ask, reply: r.Reply(), came: time.Now()}:
	case <-s.ended:
	}
}
