package room

import (
	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
)

// update changes the room's settings; what is as asked already is left out.
func (d *decision) update(c *chatv1.UpdateRoom) Decision {
	if r := d.checkUpdate(c); r != nil {
		return refused(r)
	}
	u := &chatv1.Updated{}
	if c.Name != nil && c.GetName() != d.Name {
		u.Name = c.Name
	}
	if c.Topic != nil && c.GetTopic() != d.Topic {
		u.Topic = c.Topic
	}
	if c.SlowModeSeconds != nil && c.GetSlowModeSeconds() != d.SlowMode {
		u.SlowModeSeconds = c.SlowModeSeconds
	}
	if c.Archived != nil && c.GetArchived() != d.Archived {
		u.Archived = c.Archived
	}
	if u.Name == nil && u.Topic == nil && u.SlowModeSeconds == nil && u.Archived == nil {
		return d.alreadyNow()
	}
	e := d.event()
	e.Change = &chatv1.Event_Updated{Updated: u}
	return decided(e)
}

func (d *decision) checkUpdate(c *chatv1.UpdateRoom) *chatv1.Refusal {
	if c.Name != nil {
		if r := checkName(c.GetName()); r != nil {
			return r
		}
	}
	if c.Topic != nil {
		if r := checkTopic(c.GetTopic()); r != nil {
			return r
		}
	}
	if c.GetSlowModeSeconds() > maxSlowMode {
		return badField("slowModeSeconds", "slow mode is 0 (off) to %d seconds", maxSlowMode)
	}
	if r := d.check(update); r != nil {
		return r
	}
	if c.Archived != nil {
		return d.check(archive)
	}
	return nil
}

func (d *decision) deleteRoom() Decision {
	if r := d.check(deleteRoom); r != nil {
		return refused(r)
	}
	e := d.event()
	e.Change = &chatv1.Event_Closed{Closed: &chatv1.Closed{}}
	return decided(e)
}
