package gatewaytest

import (
	"maps"
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// room is a log, and what it comes to.
type room struct {
	id      string
	name    string
	kind    chatv1.RoomKind
	events  []*chatv1.Event
	members map[string]chatv1.Role
	sent    map[string]*chatv1.Result // by user and clientMsgId
	banned  map[string]bool
	closed  bool
}

func newRoom(id string) *room {
	return &room{id: id, members: map[string]chatv1.Role{}, sent: map[string]*chatv1.Result{}, banned: map[string]bool{}}
}

func (r *room) head() uint32 { return uint32(len(r.events)) }

func (r *room) readable(user string) bool {
	return r.head() > 0 && !r.closed && !r.banned[user] && (r.kind == chatv1.RoomKind_PUBLIC || r.members[user] != 0)
}

// append adds the next event.
func (r *room) append(c *chatv1.Command, set func(*chatv1.Event)) *chatv1.Event {
	e := &chatv1.Event{
		Room: r.id, Seq: r.head() + 1, TimeMs: time.Now().UnixMilli(),
		User: c.GetActor().GetUser(), Name: c.GetActor().GetName(), CommandId: c.GetId(),
	}
	set(e)
	r.events = append(r.events, e)
	return e
}

func (r *room) view(user string) *chatv1.RoomView {
	return &chatv1.RoomView{
		Room: r.id, Name: r.name, Kind: r.kind, Role: r.members[user], Head: r.head(), MemberCount: uint32(len(r.members)),
	}
}

func (r *room) messages() []*chatv1.Message {
	var list []*chatv1.Message
	for _, e := range r.events {
		if p := e.GetMessage(); p != nil {
			list = append(list, &chatv1.Message{
				Seq: e.GetSeq(), User: e.GetUser(), Name: e.GetName(), Time: timestamppb.New(time.UnixMilli(e.GetTimeMs())), Text: p.GetText(), Version: 1,
			})
		}
	}
	return list
}

// decide does a command; it returns the events that it made.
func (r *room) decide(c *chatv1.Command) (reply *chatv1.CommandReply, made []*chatv1.Event) {
	reply = &chatv1.CommandReply{Durability: chatv1.Durability_DISK}
	user := c.GetActor().GetUser()
	create := c.GetCreate()
	switch {
	case create != nil && r.head() > 0:
		return refuse(chatv1.ErrorCode_CONFLICT, "taken"), nil
	case create == nil && !r.readable(user):
		return refuse(chatv1.ErrorCode_NOT_FOUND, "no such room"), nil
	}
	done := func(set func(*chatv1.Event)) {
		e := r.append(c, set)
		made = append(made, e)
		reply.Results = append(reply.Results, &chatv1.Result{Seq: e.GetSeq(), TimeMs: e.GetTimeMs()})
	}
	switch change := c.GetChange().(type) {
	case *chatv1.Command_Create:
		r.name, r.kind = create.GetName(), create.GetKind()
		r.members[user] = chatv1.Role_OWNER
		for _, member := range create.GetMembers() {
			r.members[member] = chatv1.Role_MEMBER
		}
		done(func(e *chatv1.Event) {
			e.Change = &chatv1.Event_Created{Created: &chatv1.Created{Name: r.name, Kind: r.kind}}
		})
	case *chatv1.Command_Join:
		if r.members[user] != 0 {
			reply.Results = []*chatv1.Result{{Seq: r.head(), Duplicate: true}}
			break
		}
		r.members[user] = chatv1.Role_MEMBER
		done(func(e *chatv1.Event) {
			e.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER}}
		})
	case *chatv1.Command_Leave:
		delete(r.members, user)
		done(func(e *chatv1.Event) { e.Change = &chatv1.Event_Left{Left: &chatv1.Left{}} })
	case *chatv1.Command_Kick:
		delete(r.members, change.Kick.GetUser())
		done(func(e *chatv1.Event) {
			e.Change = &chatv1.Event_Removed{Removed: &chatv1.Removed{User: change.Kick.GetUser()}}
		})
	case *chatv1.Command_Ban:
		delete(r.members, change.Ban.GetUser())
		r.banned[change.Ban.GetUser()] = true
		done(func(e *chatv1.Event) {
			e.Change = &chatv1.Event_Removed{Removed: &chatv1.Removed{User: change.Ban.GetUser(), Banned: true}}
		})
	case *chatv1.Command_SetRole:
		r.members[change.SetRole.GetUser()] = change.SetRole.GetRole()
		done(func(e *chatv1.Event) {
			e.Change = &chatv1.Event_RoleSet{RoleSet: &chatv1.RoleSet{User: change.SetRole.GetUser(), Role: change.SetRole.GetRole()}}
		})
	case *chatv1.Command_Edit:
		done(func(e *chatv1.Event) {
			e.Change = &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: change.Edit.GetSeq(), Text: change.Edit.GetText()}}
		})
	case *chatv1.Command_Invite:
		r.members[change.Invite.GetUser()] = chatv1.Role_MEMBER
		done(func(e *chatv1.Event) {
			e.User = change.Invite.GetUser()
			e.Change = &chatv1.Event_Joined{Joined: &chatv1.Joined{Role: chatv1.Role_MEMBER, By: &user}}
		})
	case *chatv1.Command_Delete:
		erased := r.events[change.Delete.GetSeq()-1]
		r.events[change.Delete.GetSeq()-1] = &chatv1.Event{
			Room: r.id, Seq: erased.GetSeq(), TimeMs: erased.GetTimeMs(), User: erased.GetUser(), Change: &chatv1.Event_Message{Message: &chatv1.Posted{}},
		}
		for i, e := range r.events {
			if e.GetEdited().GetSeq() == change.Delete.GetSeq() {
				r.events[i] = &chatv1.Event{
					Room: r.id, Seq: e.GetSeq(), TimeMs: e.GetTimeMs(), User: e.GetUser(), Change: &chatv1.Event_Edited{Edited: &chatv1.Edited{Seq: change.Delete.GetSeq()}},
				}
			}
		}
		done(func(e *chatv1.Event) {
			e.Change = &chatv1.Event_Deleted{Deleted: &chatv1.Deleted{Seq: change.Delete.GetSeq()}}
		})
	case *chatv1.Command_DeleteRoom:
		r.closed = true
		done(func(e *chatv1.Event) { e.Change = &chatv1.Event_Closed{Closed: &chatv1.Closed{}} })
	case *chatv1.Command_Sends:
		for _, send := range change.Sends.GetSends() {
			if e := r.send(c, send, reply); e != nil {
				made = append(made, e)
			}
		}
	case *chatv1.Command_Read:
		reply.Results = []*chatv1.Result{{Seq: r.head()}}
	default:
		return refuse(chatv1.ErrorCode_BAD_REQUEST, "not known here"), nil
	}
	return reply, made
}

func (r *room) send(c *chatv1.Command, send *chatv1.Send, reply *chatv1.CommandReply) *chatv1.Event {
	user := c.GetActor().GetUser()
	if r.members[user] == 0 {
		reply.Results = append(reply.Results, &chatv1.Result{Refusal: &chatv1.Refusal{Code: chatv1.ErrorCode_FORBIDDEN, Message: "join first"}})
		return nil
	}
	key := user + " " + send.GetClientMsgId()
	if known := r.sent[key]; known != nil {
		reply.Results = append(reply.Results, &chatv1.Result{Seq: known.GetSeq(), TimeMs: known.GetTimeMs(), Duplicate: true})
		return nil
	}
	e := r.append(c, func(e *chatv1.Event) {
		e.ClientMsgId = send.GetClientMsgId()
		e.Change = &chatv1.Event_Message{Message: &chatv1.Posted{Text: send.GetText(), Data: send.GetData()}}
	})
	r.sent[key] = &chatv1.Result{Seq: e.GetSeq(), TimeMs: e.GetTimeMs()}
	reply.Results = append(reply.Results, r.sent[key])
	return e
}

func refuse(code chatv1.ErrorCode, message string) *chatv1.CommandReply {
	return &chatv1.CommandReply{Refusal: &chatv1.Refusal{Code: code, Message: message}}
}

func (r *room) memberList() []*chatv1.Member {
	var list []*chatv1.Member
	for _, user := range slices.Sorted(maps.Keys(r.members)) {
		list = append(list, &chatv1.Member{User: user, Name: user, Role: r.members[user]})
	}
	return list
}
