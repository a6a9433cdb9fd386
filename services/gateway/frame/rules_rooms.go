package frame

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// rooms checks requests about rooms.
func (r *rules) rooms(request *clientv1.ClientFrame) {
	switch body := request.GetRequest().(type) {
	case *clientv1.ClientFrame_CreateRoom_:
		r.createRoom(body.CreateRoom)
	case *clientv1.ClientFrame_UpdateRoom_:
		r.updateRoom(body.UpdateRoom)
	case *clientv1.ClientFrame_DeleteRoom_:
		r.room(body.DeleteRoom.GetRoom())
	case *clientv1.ClientFrame_Join_:
		r.room(body.Join.GetRoom())
	case *clientv1.ClientFrame_Leave_:
		r.room(body.Leave.GetRoom())
	case *clientv1.ClientFrame_Watch_:
		r.room(body.Watch.GetRoom())
	case *clientv1.ClientFrame_Unwatch_:
		r.room(body.Unwatch.GetRoom())
	case *clientv1.ClientFrame_Presence_:
		r.room(body.Presence.GetRoom())
	case *clientv1.ClientFrame_Rooms_:
		r.line("query", body.Rooms.GetQuery(), maxRoomQuery)
		r.cursor(body.Rooms.Cursor)
		r.limit(body.Rooms.Limit)
	case *clientv1.ClientFrame_Members_:
		r.room(body.Members.GetRoom())
		r.cursor(body.Members.Cursor)
		r.limit(body.Members.Limit)
	default:
		r.membership(request)
	}
}

func (r *rules) createRoom(m *clientv1.ClientFrame_CreateRoom) {
	if m.Room != nil {
		r.room(m.GetRoom())
	}
	r.label("name", m.GetName(), maxName)
	switch m.GetKind() {
	case chatv1.RoomKind_PUBLIC, chatv1.RoomKind_PRIVATE, chatv1.RoomKind_BROADCAST:
	default:
		r.bad("kind", "kind is not PUBLIC, PRIVATE or BROADCAST")
	}
	r.line("topic", m.GetTopic(), maxTopic)
	if r.atMost("members", len(m.GetMembers()), maxMembers, "users") {
		for _, user := range m.GetMembers() {
			r.user("members", user)
		}
	}
}

func (r *rules) updateRoom(m *clientv1.ClientFrame_UpdateRoom) {
	r.room(m.GetRoom())
	if m.Name != nil {
		r.label("name", m.GetName(), maxName)
	}
	r.line("topic", m.GetTopic(), maxTopic)
	if m.GetSlowModeSeconds() > maxSlowMode {
		r.bad("slowModeSeconds", "slowModeSeconds is not from 0 to %d", maxSlowMode)
	}
	if m.Name == nil && m.Topic == nil && m.SlowModeSeconds == nil && m.Archived == nil {
		r.bad("", "updateRoom names nothing to change")
	}
}
