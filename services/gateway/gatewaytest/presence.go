package gatewaytest

import (
	"maps"
	"slices"

	"github.com/nats-io/nats.go"
	"google.golang.org/protobuf/proto"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
	presencev1 "github.com/natter-chat/natter/proto/natter/presence/v1"
	"github.com/natter-chat/natter/proto/subject"
)

// Presence is what the town says of who is here. Its fields are for tests to
// set by [Town.SetPresence].
type Presence struct {
	// Silent: questions are not answered.
	Silent bool
	// Statuses are what users said, by user.
	Statuses map[string]*presencev1.UserStatus
	// Rooms are answers about rooms, without those asked for.
	Rooms map[string]*presencev1.RoomChanges
	// Users are how those asked for are, by user.
	Users map[string]*clientv1.ServerFrame_UserPresence
	// Asked is told of each question about a room.
	Asked func(*presencev1.PresenceAsk)
}

// SetPresence changes what the town says of who is here.
func (w *Town) SetPresence(p Presence) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.presence = p
}

// Present publishes a change of a room's presence.
func (w *Town) Present(m *presencev1.RoomChanges) { w.publish(subject.PresenceOut(m.GetRoom()), m) }

func (w *Town) onPresenceAsk(msg *nats.Msg) {
	ask := &presencev1.PresenceAsk{}
	if proto.Unmarshal(msg.Data, ask) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.presence
	if p.Silent {
		return
	}
	if ask.GetUser() != "" {
		reply := p.Statuses[ask.GetUser()]
		if reply == nil {
			reply = &presencev1.UserStatus{User: ask.GetUser()}
		}
		w.respond(msg, reply)
		return
	}
	if p.Asked != nil {
		p.Asked(ask)
	}
	reply := &presencev1.RoomChanges{Room: ask.GetRoom(), Owner: "town", Whole: true}
	if known := p.Rooms[ask.GetRoom()]; known != nil {
		reply = proto.CloneOf(known)
	}
	for _, user := range slices.Sorted(maps.Keys(p.Users)) {
		if slices.Contains(ask.GetUsers(), user) {
			reply.Changes = append(reply.Changes, p.Users[user])
		}
	}
	w.respond(msg, reply)
}

// Mark publishes a read marker.
func (w *Town) Mark(m *chatv1.Mark) {
	w.publish(subject.Marks(m.GetRoom()), &chatv1.Marks{Marks: []*chatv1.Mark{m}})
}
