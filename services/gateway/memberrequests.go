package gateway

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// handleMembership translates what is done to another's standing in a room.
func (s *session) handleMembership(f *clientv1.ClientFrame) {
	re := f.GetId()
	switch r := f.GetRequest().(type) {
	case *clientv1.ClientFrame_Invite_:
		s.invite(re, r.Invite)
	case *clientv1.ClientFrame_Kick_:
		s.change(re, r.Kick.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Kick{Kick: &chatv1.Kick{User: r.Kick.GetUser(), Reason: r.Kick.Reason}}
		})
	case *clientv1.ClientFrame_Ban_:
		s.change(re, r.Ban.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Ban{Ban: &chatv1.Ban{User: r.Ban.GetUser(), Until: r.Ban.GetUntil(), Reason: r.Ban.Reason}}
		})
	case *clientv1.ClientFrame_Unban_:
		s.change(re, r.Unban.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Unban{Unban: &chatv1.Unban{User: r.Unban.GetUser()}}
		})
	case *clientv1.ClientFrame_Mute_:
		s.change(re, r.Mute.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Mute{Mute: &chatv1.Mute{User: r.Mute.GetUser(), Until: r.Mute.GetUntil()}}
		})
	case *clientv1.ClientFrame_Unmute_:
		s.change(re, r.Unmute.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_Unmute{Unmute: &chatv1.Unmute{User: r.Unmute.GetUser()}}
		})
	case *clientv1.ClientFrame_SetRole_:
		s.change(re, r.SetRole.GetRoom(), func(c *chatv1.Command) {
			c.Change = &chatv1.Command_SetRole{SetRole: &chatv1.SetRole{User: r.SetRole.GetUser(), Role: r.SetRole.GetRole()}}
		})
	default:
		s.handleMessage(f)
	}
}

// invite makes another a member, or brings oneself into a room.
func (s *session) invite(re uint32, r *clientv1.ClientFrame_Invite) {
	set := func(c *chatv1.Command) {
		c.Change = &chatv1.Command_Invite{Invite: &chatv1.Invite{User: r.GetUser()}}
	}
	if r.GetUser() == s.user.id {
		s.changeThenEnter(re, r.GetRoom(), set)
		return
	}
	s.change(re, r.GetRoom(), set)
}
