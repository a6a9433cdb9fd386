package gateway

import (
	"context"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// wholesAtOnce is how many rooms presence is asked for at the same time.
const wholesAtOnce = 64

// onPresence takes a message of presence.out.<room>.
func (f *feed) onPresence(msg *nats.Msg, d *dirty) {
	changes := &presencev1.RoomChanges{}
	if proto.Unmarshal(msg.Data, changes) != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.takePresence(changes, false, d)
}

// takePresence takes a change, or the answer to a question. The feed is locked.
func (f *feed) takePresence(changes *presencev1.RoomChanges, answer bool, d *dirty) {
	if f.closed || f.fold == nil {
		return
	}
	before, owner, big := f.fold.online, f.fold.owner, f.fold.big()
	different, ok := f.fold.apply(changes)
	if !ok {
		f.askWhole()
		return
	}
	if len(different) > 0 || f.fold.online != before {
		f.tellPresence(different, f.fold.online != before, d)
	}
	f.settle(d)
	if f.fold.big() && (!big || !answer && owner != f.fold.owner) && len(f.listed()) > 0 {
		f.askWhole() // its owner does not know yet for whom we ask
	}
}

// crowded tells whether its members are told how many are here, and by name only
// of those whom they were shown.
func (f *feed) crowded() bool { return f.members > countsAbove || f.fold.big() }

// countMembers notes how many members the room has. Where they are few enough from now
// on to be told by name, all are owed the whole. The feed is locked.
func (f *feed) countMembers(members int) {
	fewer := f.members > countsAbove && members <= countsAbove
	f.members = members
	if !fewer || f.fold == nil {
		return
	}
	for _, s := range f.seats {
		s.behind = s.behind || s.member()
	}
}

// tellPresence tells the members of a change. Who is too slow for it is owed
// the whole.
func (f *feed) tellPresence(different []*userPresence, counted bool, d *dirty) {
	var change *frames
	if !f.crowded() || len(different) == 0 {
		change = sharedFrame(presenceFrame(f.room, different, f.fold.online))
	}
	for _, s := range f.seats {
		if !s.member() || s.from == paused || s.behind {
			continue
		}
		told := change
		if told == nil {
			seen := s.listed.of(different)
			if len(seen) == 0 && !counted {
				continue
			}
			told = sharedFrame(presenceFrame(f.room, seen, f.fold.online))
		}
		if s.behind = !d.put(s.session.out(), told.in(s.session.codec), state); s.behind {
			f.gateway.metrics.shedState.Inc()
		}
	}
}

// settle gives the whole to those who are owed it: they have just come, or
// missed a change. The feed is locked.
func (f *feed) settle(d *dirty) {
	if f.fold == nil || !f.fold.whole {
		return
	}
	for _, s := range f.seats {
		if s.behind {
			f.settleFor(s, d)
		}
	}
}

func (f *feed) settleFor(s *seat, d *dirty) {
	if f.fold == nil || !f.fold.whole || !s.member() || s.from == paused {
		return
	}
	if s.blank && f.fold.online == 0 && len(f.fold.here) == 0 {
		s.behind = false
		return
	}
	whole := f.fold.snapshot
	switch {
	case f.crowded():
		whole = sharedFrame(presenceFrame(f.room, s.listed.of(f.fold.all()), f.fold.online))
	case whole == nil:
		whole = sharedFrame(presenceFrame(f.room, f.fold.all(), f.fold.online))
		f.fold.snapshot = whole
	}
	s.behind = !d.put(s.session.out(), whole.in(s.session.codec), state)
	s.blank = s.behind && s.blank
}

// tend makes good what is owed: the whole to those who missed a change, and the
// whole itself where changes were missed. Called every second.
func (f *feed) tend() {
	var d dirty
	defer d.flush()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.fold == nil || f.fold.members == 0 {
		return
	}
	if !f.fold.whole {
		f.askWhole()
		return
	}
	f.settle(&d)
}

// doubt notes that changes may be missing without a trace.
func (f *feed) doubt() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fold != nil {
		f.fold.doubt()
	}
}

// askWhole asks presence for all of the room.
func (f *feed) askWhole() {
	if f.fold.asking || f.fold.members == 0 {
		return
	}
	f.fold.asking, f.fold.doubted = true, false
	f.gateway.background(func(ctx context.Context) {
		f.gateway.wholes <- struct{}{}
		users := f.wanted()
		changes, err := f.gateway.presenceOf(ctx, f.room, users, len(users) > 0)
		<-f.gateway.wholes
		var d dirty
		defer d.flush()
		f.mu.Lock()
		defer f.mu.Unlock()
		f.fold.asking = false
		if err == nil {
			f.takePresence(changes, true, &d)
		}
		if f.fold.doubted { // the answer may be from before
			f.fold.whole = false
			f.askWhole()
		}
	})
}

// answered takes the answer to a question that was not the feed's own.
func (f *feed) answered(changes *presencev1.RoomChanges) {
	var d dirty
	defer d.flush()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fold != nil && f.fold.big() { // in a small one it may name some who are not here
		f.takePresence(changes, true, &d)
	}
}

// presenceOf asks any presence replica for the whole of a room, once, and how
// some users are; to follow them is to be told of their changes in a big room.
func (g *Gateway) presenceOf(ctx context.Context, room string, users []string, follow bool) (*presencev1.RoomChanges, error) {
	ask := &presencev1.PresenceAsk{Room: room, Users: users}
	if follow {
		ask.Gateway = g.instance
	}
	data, err := proto.Marshal(ask)
	if err != nil {
		return nil, err
	}
	reply := &presencev1.RoomChanges{}
	if err := g.questions.attempt(ctx, &nats.Msg{Subject: subject.PresenceAsk, Data: data}, reply); err != nil {
		return nil, err
	}
	reply.Whole = true
	return reply, nil
}
