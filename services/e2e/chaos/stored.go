package chaos

import (
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	"github.com/natter-chat/natter/services/e2e/chaos/history"
)

// event is a stored event as a history has it.
func event(e *chatv1.Event) history.Event {
	h := history.Event{
		Room: e.GetRoom(), Seq: e.GetSeq(), Time: time.UnixMilli(e.GetTimeMs()).UTC(), User: e.GetUser(), Name: e.GetName(), ClientMsgID: e.GetClientMsgId(),
	}
	switch c := e.GetChange().(type) {
	case *chatv1.Event_Message:
		h.Message = &history.Posted{Text: c.Message.GetText(), ReplyTo: c.Message.ReplyTo}
	case *chatv1.Event_Edited:
		h.Edited = &history.Edited{Seq: c.Edited.GetSeq(), Text: c.Edited.GetText()}
	case *chatv1.Event_Deleted:
		h.Deleted = &history.Target{Seq: c.Deleted.GetSeq()}
	case *chatv1.Event_Reacted:
		h.Reacted = &history.Reacted{Seq: c.Reacted.GetSeq(), Emoji: c.Reacted.GetEmoji(), Removed: c.Reacted.GetRemoved()}
	case *chatv1.Event_Created:
		h.Created = &history.Created{Name: c.Created.GetName(), Kind: c.Created.GetKind().String()}
		for _, m := range c.Created.GetMembers() {
			h.Created.Members = append(h.Created.Members, member(m))
		}
	case *chatv1.Event_Updated:
		h.Updated = &struct{}{}
	case *chatv1.Event_Joined:
		h.Joined = &history.Joined{Role: c.Joined.GetRole().String(), By: c.Joined.GetBy()}
	case *chatv1.Event_Left:
		h.Left = &struct{}{}
	case *chatv1.Event_Removed:
		h.Removed = &history.Removed{User: c.Removed.GetUser(), Banned: c.Removed.GetBanned()}
	case *chatv1.Event_RoleSet:
		h.RoleSet = &history.RoleSet{User: c.RoleSet.GetUser(), Role: c.RoleSet.GetRole().String()}
	case *chatv1.Event_Closed:
		h.Closed = &struct{}{}
	}
	return h
}

func message(m *chatv1.Message) history.Message {
	h := history.Message{
		Seq: m.GetSeq(), User: m.GetUser(), Text: m.GetText(), ClientMsgID: m.GetClientMsgId(), Version: m.GetVersion(), Deleted: m.GetDeleted(), ReplyTo: m.ReplyTo,
	}
	for _, r := range m.GetReactions() {
		h.Reactions = append(h.Reactions, history.Reaction{Emoji: r.GetEmoji(), Count: r.GetCount()})
	}
	return h
}

func member(m *chatv1.Member) history.Member {
	return history.Member{User: m.GetUser(), Role: m.GetRole().String(), ReadSeq: m.GetReadSeq()}
}
