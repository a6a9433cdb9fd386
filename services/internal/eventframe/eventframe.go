// Package eventframe makes of an event what clients see of it: over the
// WebSocket, and webhooks the same.
package eventframe

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// Of is an event as clients see it. It shares parts with the event.
func Of(e *chatv1.Event) *clientv1.ServerFrame_Event {
	event := &clientv1.ServerFrame_Event{
		Room: e.GetRoom(), Seq: e.GetSeq(), Time: millis(e.GetTimeMs()), User: e.GetUser(),
		Name: present(e.GetName()), ClientMsgId: present(e.GetClientMsgId()),
	}
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Message:
		event.Change = &clientv1.ServerFrame_Event_Message{Message: c.Message}
	case *chatv1.Event_Edited:
		event.Change = &clientv1.ServerFrame_Event_Edited{Edited: &clientv1.ServerFrame_Edited{Seq: c.Edited.GetSeq(), Text: c.Edited.GetText()}}
	case *chatv1.Event_Deleted:
		event.Change = &clientv1.ServerFrame_Event_Deleted{Deleted: c.Deleted}
	case *chatv1.Event_Reacted:
		event.Change = &clientv1.ServerFrame_Event_Reacted{Reacted: c.Reacted}
	case *chatv1.Event_Created:
		event.Change = &clientv1.ServerFrame_Event_Created{Created: &clientv1.ServerFrame_Created{
			Name: c.Created.GetName(), Kind: c.Created.GetKind(), Topic: c.Created.GetTopic(),
		}}
	case *chatv1.Event_Updated:
		event.Change = &clientv1.ServerFrame_Event_Updated{Updated: c.Updated}
	case *chatv1.Event_Joined:
		event.Change = &clientv1.ServerFrame_Event_Joined{Joined: c.Joined}
	case *chatv1.Event_Left:
		event.Change = &clientv1.ServerFrame_Event_Left{Left: c.Left}
	case *chatv1.Event_Removed:
		event.Change = &clientv1.ServerFrame_Event_Removed{Removed: c.Removed}
	case *chatv1.Event_Unbanned:
		event.Change = &clientv1.ServerFrame_Event_Unbanned{Unbanned: c.Unbanned}
	case *chatv1.Event_Muted:
		event.Change = &clientv1.ServerFrame_Event_Muted{Muted: c.Muted}
	case *chatv1.Event_Unmuted:
		event.Change = &clientv1.ServerFrame_Event_Unmuted{Unmuted: c.Unmuted}
	case *chatv1.Event_RoleSet:
		event.Change = &clientv1.ServerFrame_Event_RoleSet{RoleSet: c.RoleSet}
	case *chatv1.Event_Erased:
		event.Change = &clientv1.ServerFrame_Event_Erased{Erased: &clientv1.ServerFrame_Erased{Seqs: c.Erased.GetSeqs()}}
	case *chatv1.Event_Trimmed:
		event.Change = &clientv1.ServerFrame_Event_Trimmed{Trimmed: c.Trimmed}
	case *chatv1.Event_RetentionSet:
		event.Change = &clientv1.ServerFrame_Event_RetentionSet{RetentionSet: c.RetentionSet}
	case *chatv1.Event_Closed:
		event.Change = &clientv1.ServerFrame_Event_Closed{Closed: c.Closed}
	}
	return event
}

// millis is a time given in Unix milliseconds.
func millis(ms int64) *timestamppb.Timestamp {
	return &timestamppb.Timestamp{Seconds: ms / 1000, Nanos: int32(ms%1000) * 1e6}
}

// present is an optional field that is left out where it is empty.
func present(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
