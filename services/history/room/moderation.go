package room

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

func (d *decision) kick(c *chatv1.Kick) Decision {
	if r := d.checkModeration(kick, c.GetUser(), c.Reason, nil); r != nil {
		return refused(r)
	}
	if d.Members[c.GetUser()] == nil {
		return d.alreadyNow()
	}
	e := d.event()
	e.Change = &chatv1.Event_Removed{Removed: &chatv1.Removed{User: c.GetUser(), Reason: c.Reason}}
	return decided(e)
}

// ban ends a membership, if there is one, and keeps the user out. Another end
// or reason is another ban.
func (d *decision) ban(c *chatv1.Ban) Decision {
	if r := d.checkModeration(ban, c.GetUser(), c.Reason, c.GetUntil()); r != nil {
		return refused(r)
	}
	if d.Members[c.GetUser()] == nil && d.banned(c.GetUser(), d.now) && d.Banned[c.GetUser()] == Until(c.GetUntil()) {
		return d.alreadyNow()
	}
	e := d.event()
	e.Change = &chatv1.Event_Removed{Removed: &chatv1.Removed{User: c.GetUser(), Reason: c.Reason, Banned: true, Until: c.GetUntil()}}
	return decided(e)
}

func (d *decision) unban(c *chatv1.Unban) Decision {
	if r := d.checkModeration(ban, c.GetUser(), nil, nil); r != nil {
		return refused(r)
	}
	if _, banned := d.Banned[c.GetUser()]; !banned {
		return d.alreadyNow()
	}
	e := d.event()
	e.Change = &chatv1.Event_Unbanned{Unbanned: &chatv1.Unbanned{User: c.GetUser()}}
	return decided(e)
}

// mute keeps a user from writing; like a ban it outlives leaving.
func (d *decision) mute(c *chatv1.Mute) Decision {
	if r := d.checkModeration(mute, c.GetUser(), nil, c.GetUntil()); r != nil {
		return refused(r)
	}
	if d.Muted[c.GetUser()] > d.now && d.Muted[c.GetUser()] == Until(c.GetUntil()) {
		return d.alreadyNow()
	}
	e := d.event()
	e.Change = &chatv1.Event_Muted{Muted: &chatv1.Muted{User: c.GetUser(), Until: c.GetUntil()}}
	return decided(e)
}

func (d *decision) unmute(c *chatv1.Unmute) Decision {
	if r := d.checkModeration(mute, c.GetUser(), nil, nil); r != nil {
		return refused(r)
	}
	if _, muted := d.Muted[c.GetUser()]; !muted {
		return d.alreadyNow()
	}
	e := d.event()
	e.Change = &chatv1.Event_Unmuted{Unmuted: &chatv1.Unmuted{User: c.GetUser()}}
	return decided(e)
}

// checkModeration refuses what may not be done to a user, and ends that have
// passed.
func (d *decision) checkModeration(a action, user string, reason *string, until *timestamppb.Timestamp) *chatv1.Refusal {
	if reason != nil && len(*reason) > maxReason {
		return tooLarge("reason", len(*reason), maxReason)
	}
	if reason != nil && !plain(*reason) {
		return badField("reason", "a reason is UTF-8 without control characters")
	}
	if until != nil && (!until.IsValid() || until.AsTime().UnixMilli() <= d.now) {
		return badField("until", "until lies in the future")
	}
	if r := d.check(a); r != nil {
		return r
	}
	return d.checkTarget(user)
}
