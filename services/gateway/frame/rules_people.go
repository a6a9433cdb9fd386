package frame

import (
	"time"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	clientv1 "github.com/natter-chat/natter/proto/natter/client/v1"
)

// membership checks requests about a user in a room.
func (r *rules) membership(request *clientv1.ClientFrame) {
	switch body := request.GetRequest().(type) {
	case *clientv1.ClientFrame_Invite_:
		r.member(body.Invite)
	case *clientv1.ClientFrame_Kick_:
		r.member(body.Kick)
		r.line("reason", body.Kick.GetReason(), maxReason)
	case *clientv1.ClientFrame_Ban_:
		r.member(body.Ban)
		r.time("until", body.Ban.GetUntil())
		r.line("reason", body.Ban.GetReason(), maxReason)
	case *clientv1.ClientFrame_Unban_:
		r.member(body.Unban)
	case *clientv1.ClientFrame_Mute_:
		r.member(body.Mute)
		r.time("until", body.Mute.GetUntil())
	case *clientv1.ClientFrame_Unmute_:
		r.member(body.Unmute)
	case *clientv1.ClientFrame_SetRole_:
		r.member(body.SetRole)
		if role := body.SetRole.GetRole(); role < chatv1.Role_OWNER || role > chatv1.Role_READER {
			r.bad("role", "role is not OWNER, MODERATOR, MEMBER or READER")
		}
	default:
		r.bad("", "the frame holds no request that this server knows")
	}
}

func (r *rules) member(m interface {
	GetRoom() string
	GetUser() string
}) {
	r.room(m.GetRoom())
	r.user("user", m.GetUser())
}

func (r *rules) hello(m *clientv1.ClientFrame_Hello) {
	r.token(m.GetToken())
	r.line("agent", m.GetAgent(), maxAgent)
	if m.State != nil {
		r.state(m.GetState())
	}
	if !r.atMost("resume", len(m.GetResume()), r.limits.Live, "rooms") {
		return
	}
	named := make(map[string]bool, len(m.GetResume()))
	for _, position := range m.GetResume() {
		room := position.GetRoom()
		switch {
		case !IsRoom(room):
			r.bad("resume", "resume names something that is not a room id")
		case named[room]:
			r.bad("resume", "resume names room %s twice", room)
		}
		named[room] = true
	}
}

func (r *rules) status(m *clientv1.ClientFrame_Status) {
	r.state(m.GetState())
	r.line("text", m.GetText(), maxStatus)
	r.until(m)
	if !m.GetDevice() {
		return
	}
	switch {
	case m.GetState() > clientv1.PresenceState_AWAY:
		r.bad("state", "of one device, state is ONLINE or AWAY; leave device out to say it of all")
	case m.Text != nil:
		r.bad("text", "a text is for all devices; leave device out")
	}
}

// until is when a text goes.
func (r *rules) until(m *clientv1.ClientFrame_Status) {
	if m.Until == nil {
		return
	}
	r.time("until", m.GetUntil())
	switch in := time.Until(m.GetUntil().AsTime()); {
	case m.GetText() == "":
		r.bad("until", "until is when the text goes, and there is no text")
	case in <= 0:
		r.bad("until", "until has passed; name a time to come")
	case in > maxUntil:
		r.bad("until", "until is more than 30 days ahead")
	}
}

func (r *rules) state(state clientv1.PresenceState) {
	if state < clientv1.PresenceState_ONLINE || state > clientv1.PresenceState_INVISIBLE {
		r.bad("state", "state is not ONLINE, AWAY, BUSY or INVISIBLE")
	}
}

// token: whether it is any good, also an empty one, is the verifier's word.
func (r *rules) token(token string) { r.line("token", token, maxToken) }
